import { useEffect, useRef, useState } from 'preact/hooks';

import { outcomeOf } from '../cycle-outcome.js';
import { useLanguage } from '../language.js';
import { ServerError } from '../server.js';
import type { ComparisonResult } from '../shapes.js';
import { useSession } from '../use-answer.js';
import { Failure } from './answer.js';
import { Text } from './text.js';
import { Moment } from './time.js';

const HOUR_MS = 3_600_000;
const SPANS = { hours: 2 * HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS };
type Span = keyof typeof SPANS;

/** Compares what has ended since a time: at first to see what that would bring in, then in earnest. */
export function CompareDialog({ onClose }: { onClose: (isDone: boolean) => void }) {
  const language = useLanguage();
  const { server } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const isDone = useRef(false);
  const [span, setSpan] = useState<Span>('day');
  const [isRunning, setRunning] = useState(false);
  const [result, setResult] = useState<ComparisonResult>();
  const [error, setError] = useState<ServerError>();
  useEffect(() => dialog.current?.showModal(), []);
  const run = async (dryRun: boolean) => {
    setRunning(true);
    setError(undefined);
    setResult(undefined);
    try {
      const from = new Date(Date.now() - SPANS[span]).toISOString();
      setResult(await server.post<ComparisonResult>('reconciliation/run', { from, dryRun }));
      if (!dryRun) isDone.current = true;
    } catch (problem) {
      setError(problem instanceof ServerError ? problem : new ServerError(-1, String(problem)));
    } finally {
      setRunning(false);
    }
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="compare-title"
      onClose={() => onClose(isDone.current)}
      onCancel={(event) => isRunning && event.preventDefault()}
    >
      <h2 id="compare-title">{language.say('reconciliation.run')}</h2>
      <p>{language.say('reconciliation.run.hint')}</p>
      {error && <Failure error={error} />}
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void run(false);
        }}
      >
        <label>
          {language.say('filter.period')}
          <select
            value={span}
            disabled={isRunning}
            onChange={(event) => setSpan(event.currentTarget.value as Span)}
          >
            {Object.keys(SPANS).map((name) => (
              <option key={name} value={name}>
                {language.say(`reconciliation.span.${name as Span}`)}
              </option>
            ))}
          </select>
        </label>
        <div role="status">{result && <Result of={result} />}</div>
        <p class="buttons">
          <button type="button" disabled={isRunning} onClick={() => dialog.current?.close()}>
            {language.say('act.close')}
          </button>
          <button type="button" disabled={isRunning} onClick={() => void run(true)}>
            {language.say('reconciliation.dry-run')}
          </button>
          <button type="submit" class="primary" disabled={isRunning}>
            {language.say(isRunning ? 'answer.loading' : 'reconciliation.run')}
          </button>
        </p>
      </form>
    </dialog>
  );
}

function Result({ of: { cycle, differences, count } }: { of: ComparisonResult }) {
  const language = useLanguage();
  if (cycle) {
    return (
      <>
        <p>{language.say(`reconciliation.cycle.${outcomeOf(cycle)}`)}</p>
        <p>{language.say('reconciliation.corrected', { count: cycle.corrections })}</p>
      </>
    );
  }
  return (
    <>
      <p class="preview">{language.say('reconciliation.differences', { count })}</p>
      {differences.length > 0 && (
        <div class="differences" role="region" tabIndex={0} aria-labelledby="compare-title">
          <ul class="plain">
            {differences.map(({ missing, domain, path, name, startedAt }) => (
              <li key={`${startedAt} ${domain}/${path}/${name}`}>
                <Text of={`${domain}/${path}/${name}`} />
                <small>
                  {language.say(`reconciliation.lacks.${missing}`)} · <Moment at={startedAt} />
                </small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
