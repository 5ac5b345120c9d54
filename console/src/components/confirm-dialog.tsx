import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import { ServerError } from '../server.js';
import { Failure } from './answer.js';

interface ConfirmDialogProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
  readonly run: () => Promise<unknown>;
  /** @param isDone whether it was done */
  readonly onClose: (isDone: boolean) => void;
}

/** Says what would be done, and does it once that is confirmed. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, verb, isDangerous = false, children, run, onClose } = props;
  const language = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  const isDone = useRef(false);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<ServerError>();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async () => {
    setRunning(true);
    setError(undefined);
    try {
      await run();
      isDone.current = true;
      dialog.current?.close();
    } catch (problem) {
      setError(problem instanceof ServerError ? problem : new ServerError(-1, String(problem)));
      setRunning(false);
    }
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      onClose={() => onClose(isDone.current)}
      onCancel={(event) => isRunning && event.preventDefault()}
    >
      <h2 id="confirm-title">{title}</h2>
      {error && <Failure error={error} />}
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {children}
        <p class="buttons">
          <button type="button" disabled={isRunning} onClick={() => dialog.current?.close()}>
            {language.say('act.cancel')}
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isRunning}>
            {isRunning ? language.say('answer.loading') : verb}
          </button>
        </p>
      </form>
    </dialog>
  );
}
