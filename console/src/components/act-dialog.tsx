import { useEffect, useRef, useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import { ServerError } from '../server.js';
import { Failure } from './answer.js';

/** What is to be done to how much, and how one step of it is done. */
export interface Order {
  readonly verb: 'replay' | 'discard' | 'pause' | 'resume';
  /** How many it would be. Default: it is about one thing, and nothing is counted. */
  readonly preview?: () => Promise<number>;
  /** Does the next step. */
  readonly step: (
    why: { readonly reason: string; readonly actor: string },
    cursor: string | null,
  ) => Promise<{ readonly count: number; readonly nextCursor: string | null }>;
}

interface ActDialogProps {
  readonly order: Order;
  /** @param isDone whether anything was done */
  readonly onClose: (isDone: boolean) => void;
}

/** Beyond this nobody counts. */
const COUNTED_TO = 10_000;
/** Who acts, for the next time. */
let lastActor = '';

/** Says how many it would be, asks why and who, and does it step by step. */
export function ActDialog({ order, onClose }: ActDialogProps) {
  const language = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [count, setCount] = useState<number>();
  const [reason, setReason] = useState('');
  const [actor, setActor] = useState(lastActor);
  const [done, setDone] = useState<number>();
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<ServerError>();
  const isStopped = useRef(false);
  const fail = (problem: unknown) => {
    setError(problem instanceof ServerError ? problem : new ServerError(-1, String(problem)));
  };
  useEffect(() => {
    dialog.current?.showModal();
    order.preview?.().then(setCount, fail);
    return () => {
      isStopped.current = true;
    };
  }, [order]);
  const run = async () => {
    lastActor = actor;
    setRunning(true);
    setError(undefined);
    let total = 0;
    let cursor: string | null = null;
    try {
      do {
        const step = await order.step({ reason, actor }, cursor);
        total += step.count;
        cursor = step.nextCursor;
        setDone(total);
      } while (cursor !== null && !isStopped.current);
    } catch (problem) {
      fail(problem);
    } finally {
      setRunning(false);
    }
  };
  const { verb } = order;
  const isOver = done !== undefined && !isRunning;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="act-title"
      onClose={() => onClose(done !== undefined)}
      onCancel={(event) => isRunning && event.preventDefault()}
    >
      <h2 id="act-title">{language.say(`act.${verb}.title`)}</h2>
      {order.preview && (
        <p class="preview" aria-live="polite">
          {count === undefined
            ? language.say('answer.loading')
            : language.say(count >= COUNTED_TO ? 'act.preview.most' : 'act.preview', { count })}
        </p>
      )}
      <p>{language.say(`act.${verb}.hint`)}</p>
      {error && <Failure error={error} />}
      {done !== undefined && (
        <p role="status">{language.say(`act.${verb}.done`, { count: done })}</p>
      )}
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isOver) dialog.current?.close();
          else void run();
        }}
      >
        <label>
          {language.say('act.reason')}
          <input
            required
            maxLength={500}
            value={reason}
            disabled={isRunning || isOver}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <label>
          {language.say('act.actor')}
          <input
            required
            maxLength={190}
            value={actor}
            disabled={isRunning || isOver}
            onInput={(event) => setActor(event.currentTarget.value)}
          />
        </label>
        <p class="buttons">
          <button
            type="button"
            onClick={() => {
              isStopped.current = true;
              if (!isRunning) dialog.current?.close();
            }}
          >
            {language.say(isRunning ? 'act.stop' : isOver ? 'act.close' : 'act.cancel')}
          </button>
          {!isOver && (
            <button
              type="submit"
              class={verb === 'discard' || verb === 'pause' ? 'danger' : 'primary'}
              disabled={isRunning || (order.preview && !count)}
            >
              {language.say(`act.${verb}`)}
            </button>
          )}
        </p>
      </form>
    </dialog>
  );
}
