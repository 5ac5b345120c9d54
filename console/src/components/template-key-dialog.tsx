import { useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import { keyProblem } from '../template-draft.js';
import { useSession } from '../use-answer.js';
import { ConfirmDialog } from './confirm-dialog.js';

interface KeyDialogProps {
  readonly template: string;
  /** @param isDone whether the key was changed */
  readonly onClose: (isDone: boolean) => void;
}

/** Gives a template a new key, which nobody is shown afterwards. */
export function KeyDialog({ template, onClose }: KeyDialogProps) {
  const language = useLanguage();
  const { server } = useSession();
  const [key, setKey] = useState('');
  const problem = keyProblem(key);
  return (
    <ConfirmDialog
      title={language.say('templates.rotate.title', { template })}
      verb={language.say('templates.rotate')}
      run={() => server.post('templates/rotate-key', { id: template, ...(key && { key }) })}
      onClose={onClose}
    >
      <p>{language.say('templates.rotate.hint')}</p>
      <label>
        {language.say('template.key')}
        <input
          type="password"
          autocomplete="new-password"
          pattern="[A-Za-z0-9]{8,32}"
          value={key}
          aria-invalid={problem !== null}
          aria-describedby="key-hint"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <small id="key-hint" class={problem ? 'problem' : ''}>
        {problem ? language.say(...problem) : language.say('template.key.hint')}
      </small>
    </ConfirmDialog>
  );
}
