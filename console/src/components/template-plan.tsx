import { useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import type { PlanStep, TemplatesView } from '../shapes.js';
import { useSession } from '../use-answer.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { Table } from './table.js';
import { Text } from './text.js';
import { Age } from './time.js';

type Compared = NonNullable<TemplatesView['compared']>;

interface TemplatePlanProps {
  readonly compared: Compared;
  readonly mayAct: boolean;
  readonly onDone: () => void;
}

/** What applying the declared state would do, who has caused it, what stands in its way; and does it. */
export function TemplatePlan({ compared, mayAct, onDone }: TemplatePlanProps) {
  const language = useLanguage();
  const [isAsked, setAsked] = useState(false);
  const { plan, drift } = compared;
  const rows = drift.findings.map(({ step, origin }, at) => ({ step, origin, at }));
  return (
    <section>
      <div class="heading">
        <h2>{language.say('templates.plan')}</h2>
        <p class="none">
          {language.say('templates.compared')} <Age at={compared.at} />
        </p>
      </div>
      <Table
        caption={language.say('templates.plan')}
        rows={rows}
        keyOf={({ at }) => String(at)}
        empty={language.say('templates.nothing')}
        columns={[
          {
            name: language.say('column.change'),
            cell: ({ step }) => language.say(`plan.${step.action}`),
          },
          { name: language.say('column.what'), cell: ({ step }) => <Step of={step} /> },
          {
            name: language.say('column.cause'),
            cell: ({ origin, step }) =>
              language.say(
                step.action === 'create-template' || step.action === 'create-rule'
                  ? 'templates.missing'
                  : `templates.origin.${origin}`,
              ),
          },
        ]}
      />
      {plan.blockers.length > 0 && (
        <ul class="banner plain">
          {plan.blockers.map((blocker) => (
            <li key={blocker}>
              <Text of={blocker} />
            </li>
          ))}
        </ul>
      )}
      {drift.unreadable.length > 0 && (
        <p class="none">
          {language.say('templates.unreadable')} <Text of={drift.unreadable.join(', ')} />
        </p>
      )}
      {mayAct && rows.length > 0 && (
        <p class="buttons">
          <button type="button" class="primary" onClick={() => setAsked(true)}>
            {language.say('templates.apply')}…
          </button>
        </p>
      )}
      {isAsked && (
        <ApplyDialog
          compared={compared}
          onClose={(isDone) => {
            setAsked(false);
            if (isDone) onDone();
          }}
        />
      )}
    </section>
  );
}

/** What is called what, or becomes what. */
function Step({ of: step }: { of: PlanStep }) {
  const language = useLanguage();
  const target = 'template' in step ? step.template : String(step.templateId);
  if ('domain' in step) {
    return (
      <>
        <Text of={`${step.domain}/${step.appName}`} />
        <small>
          → <Text of={target} />
        </small>
      </>
    );
  }
  return (
    <>
      <Text of={target} />
      {'changes' in step && (
        <details>
          <summary>{language.say('plan.fields', { count: step.changes.length })}</summary>
          <ul class="plain">
            {step.changes.map(({ field, from, to }) => (
              <li key={field}>
                {field}: {step.action === 'modify-template' && <Text of={from} />}
                {step.action === 'modify-template' && ' → '}
                <Text of={to} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function ApplyDialog({
  compared,
  onClose,
}: {
  compared: Compared;
  onClose: (isDone: boolean) => void;
}) {
  const language = useLanguage();
  const { server } = useSession();
  const [repoint, setRepoint] = useState(false);
  const [takeOver, setTakeOver] = useState(false);
  const { findings } = compared.drift;
  const hasRepointing = findings.some(({ step }) => step.action === 'repoint-rule');
  const { notes } = compared.plan;
  return (
    <ConfirmDialog
      title={language.say('templates.apply.title')}
      verb={language.say('templates.apply')}
      run={() => server.post('templates/apply', { seen: compared.seen, repoint, takeOver })}
      onClose={onClose}
    >
      <p class="preview">{language.say('plan.steps', { count: findings.length })}</p>
      <p>{language.say('templates.apply.hint')}</p>
      {notes.length > 0 && (
        <ul class="plain none">
          {notes.map((note) => (
            <li key={note}>
              <Text of={note} />
            </li>
          ))}
        </ul>
      )}
      {hasRepointing && (
        <>
          <label class="choice">
            <input
              type="checkbox"
              checked={repoint}
              onChange={(event) => setRepoint(event.currentTarget.checked)}
            />
            {language.say('templates.repoint')}
          </label>
          <label class="choice">
            <input
              type="checkbox"
              checked={takeOver}
              onChange={(event) => setTakeOver(event.currentTarget.checked)}
            />
            {language.say('templates.take-over')}
          </label>
        </>
      )}
    </ConfirmDialog>
  );
}
