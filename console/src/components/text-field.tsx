import { useId } from 'preact/hooks';

import { lengthOf } from '../../../src/cloud/provisioning/template.limits.js';
import { useLanguage } from '../language.js';
import type { Problem } from '../template-draft.js';

interface TextFieldProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  readonly placeholder?: string;
  /** Characters that it may have; they are counted. */
  readonly most?: number;
  readonly problem?: Problem | undefined;
  readonly isFixed?: boolean;
  readonly isRequired?: boolean;
  readonly isSecret?: boolean;
}

/** A text, with what is wrong with it while it is written. */
export function TextField(props: TextFieldProps) {
  const { name, value, onChange, hint, placeholder, most, problem } = props;
  const { isFixed = false, isRequired = false, isSecret = false } = props;
  const language = useLanguage();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        id={id}
        type={isSecret ? 'password' : 'text'}
        autocomplete={isSecret ? 'new-password' : 'off'}
        spellcheck={false}
        value={value}
        placeholder={placeholder}
        disabled={isFixed}
        required={isRequired}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <small id={`${id}-hint`}>
        {problem ? <span class="problem">{language.say(...problem)}</span> : hint}
        {most !== undefined && !isFixed && (
          <span class="count">
            {language.number(lengthOf(value))} / {language.number(most)}
          </span>
        )}
      </small>
    </div>
  );
}
