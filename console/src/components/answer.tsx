import type { ComponentChildren } from 'preact';

import { useLanguage, type TextKey } from '../language.js';
import type { Answer } from '../use-answer.js';
import { useNow } from './time.js';
import { Text } from './text.js';

/** What failed, in words of the language where there are some. */
export function Failure({ error }: { error: { status: number; message: string } }) {
  const language = useLanguage();
  const known = ['0', '401', '403', '503'].includes(String(error.status));
  return (
    <p role="alert" class="failure">
      {language.say((known ? `failure.${error.status}` : 'failure.other') as TextKey)}{' '}
      <Text of={error.message} none="" />
    </p>
  );
}

/** How old an answer is, and a way to ask again. */
export function Freshness({ answer }: { answer: Answer<unknown> }) {
  const language = useLanguage();
  const now = useNow();
  const { at } = answer;
  const seconds = at === undefined ? 0 : Math.max(1, Math.floor((now - at) / 1000));
  const age =
    at === undefined
      ? language.say('answer.loading')
      : language.say('answer.age', { age: language.duration(seconds * 1000) });
  return (
    <p class="freshness">
      <span>{age}</span>{' '}
      <button type="button" class="quiet" onClick={answer.reload}>
        {language.say('answer.reload')}
      </button>
    </p>
  );
}

interface LoadedProps<T> {
  readonly answer: Answer<T>;
  readonly children: (data: T) => ComponentChildren;
}

/** An answer when it is there; what went wrong beside the last one that there was. */
export function Loaded<T>({ answer, children }: LoadedProps<T>) {
  const language = useLanguage();
  return (
    <>
      {answer.error && <Failure error={answer.error} />}
      {answer.data === undefined
        ? !answer.error && <p class="none">{language.say('answer.loading')}</p>
        : children(answer.data)}
    </>
  );
}
