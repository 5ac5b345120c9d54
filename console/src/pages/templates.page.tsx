import { useState } from 'preact/hooks';

import { Failure, Freshness, Loaded } from '../components/answer.js';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { Kind } from '../components/state.js';
import { Table } from '../components/table.js';
import { KeyDialog } from '../components/template-key-dialog.js';
import { TemplatePlan } from '../components/template-plan.js';
import { Text } from '../components/text.js';
import { useLanguage } from '../language.js';
import { linkTo } from '../route.js';
import type { TemplatesView, TemplateView } from '../shapes.js';
import { DEFAULT_APP_NAME } from '../template-draft.js';
import { useAnswer, useSession } from '../use-answer.js';

/** Of the page of a template that is not declared yet: no id has it. */
export const NEW_TEMPLATE = '+';

/** What is declared, what of it the account lacks, and how to have templates shown here. */
export function TemplatesPage() {
  const language = useLanguage();
  const { hasTemplates } = useSession();
  if (hasTemplates !== false) return <Templates isKnown={hasTemplates === true} />;
  return (
    <>
      <h1>{language.say('page.templates')}</h1>
      <div class="empty">
        <p>{language.say('templates.off')}</p>
        <p>
          <code>{"templates: new DeclaredTemplates({ file: 'callbacks.yaml', api })"}</code>
        </p>
      </div>
    </>
  );
}

function Templates({ isKnown }: { isKnown: boolean }) {
  const language = useLanguage();
  const { rights } = useSession();
  const answer = useAnswer<TemplatesView>(isKnown ? 'templates' : null);
  const mayAct = rights.includes('act');
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.templates')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>{language.say('templates.hint')}</p>
      <Loaded answer={answer}>
        {(view) => (
          <>
            {mayAct && (
              <p class="buttons">
                <a class="button primary" href={linkTo('templates', {}, NEW_TEMPLATE)}>
                  {language.say('templates.new')}
                </a>
              </p>
            )}
            <Declared view={view} mayAct={mayAct} onDone={answer.reload} />
            {view.failure !== null && <Failure error={{ status: -1, message: view.failure }} />}
            {view.compared && (
              <>
                <TemplatePlan compared={view.compared} mayAct={mayAct} onDone={answer.reload} />
                <Foreign compared={view.compared} />
              </>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

interface DeclaredProps {
  readonly view: TemplatesView;
  readonly mayAct: boolean;
  readonly onDone: () => void;
}

function Declared({ view, mayAct, onDone }: DeclaredProps) {
  const language = useLanguage();
  const { server } = useSession();
  const [removed, setRemoved] = useState<TemplateView>();
  const [rotated, setRotated] = useState<TemplateView>();
  return (
    <>
      <Table
        caption={language.say('templates.declared')}
        rows={view.templates}
        keyOf={({ id }) => id}
        empty={language.say('templates.empty')}
        columns={[
          {
            name: language.say('column.template'),
            cell: ({ id, name }) => (
              <>
                <Text of={id} />
                <small>
                  <Text of={name || `${view.stack}-${id}`} />
                </small>
              </>
            ),
          },
          {
            name: language.say('column.events'),
            cell: ({ events, urls }) => <Kinds of={[...events, ...Object.keys(urls)]} />,
          },
          { name: language.say('column.bound'), cell: ({ rules }) => <Rules of={rules} /> },
          {
            name: language.say('column.key'),
            cell: ({ key }) => language.say(`template.key.${key}`),
          },
          {
            name: language.say('column.standing'),
            cell: ({ id }) => <Standing id={id} compared={view.compared} />,
          },
          ...(mayAct
            ? [
                {
                  name: language.say('column.actions'),
                  cell: (template: TemplateView) => (
                    <span class="buttons">
                      <a class="button" href={linkTo('templates', {}, template.id)}>
                        {language.say('templates.edit')}
                      </a>
                      {template.key === 'key-file' && (
                        <button type="button" onClick={() => setRotated(template)}>
                          {language.say('templates.rotate')}…
                        </button>
                      )}
                      <button type="button" class="danger" onClick={() => setRemoved(template)}>
                        {language.say('templates.delete')}…
                      </button>
                    </span>
                  ),
                },
              ]
            : []),
        ]}
      />
      {removed && (
        <ConfirmDialog
          title={language.say('templates.delete.title', { template: removed.id })}
          verb={language.say('templates.delete')}
          isDangerous
          run={() => server.post('templates/remove', { id: removed.id, revision: view.revision })}
          onClose={(isDone) => {
            setRemoved(undefined);
            if (isDone) onDone();
          }}
        >
          <p>{language.say('templates.delete.hint')}</p>
        </ConfirmDialog>
      )}
      {rotated && (
        <KeyDialog
          template={rotated.id}
          onClose={(isDone) => {
            setRotated(undefined);
            if (isDone) onDone();
          }}
        />
      )}
    </>
  );
}

function Kinds({ of }: { of: readonly string[] }) {
  return (
    <span>
      {of.map((kind, at) => (
        <span key={kind}>
          {at > 0 && ', '}
          <Kind of={kind} />
        </span>
      ))}
    </span>
  );
}

function Rules({ of }: { of: readonly { domain: string; appName?: string }[] }) {
  if (of.length === 0) return <span class="none">–</span>;
  return (
    <ul class="plain">
      {of.map(({ domain, appName = DEFAULT_APP_NAME }) => (
        <li key={`${domain}/${appName}`}>
          <Text of={`${domain}/${appName}`} />
        </li>
      ))}
    </ul>
  );
}

/** Whether the account has a template as it is declared, and if not, who has changed what. */
function Standing({ id, compared }: { id: string; compared: TemplatesView['compared'] }) {
  const language = useLanguage();
  if (!compared) return <span class="none">–</span>;
  const findings = compared.drift.findings.filter(
    ({ step }) => 'template' in step && step.template === id,
  );
  if (findings.some(({ step }) => step.action === 'create-template')) {
    return (
      <span class="state state-quarantined">
        <span aria-hidden="true">○</span> {language.say('templates.missing')}
      </span>
    );
  }
  if (findings.length === 0) {
    return (
      <span class="state state-done">
        <span aria-hidden="true">●</span> {language.say('templates.in-sync')}
      </span>
    );
  }
  const origin = findings.find((one) => one.origin !== 'unknown')?.origin ?? 'unknown';
  return (
    <span class="state state-quarantined">
      <span aria-hidden="true">◔</span> {language.say(`templates.drift.${origin}`)}
    </span>
  );
}

function Foreign({ compared }: { compared: NonNullable<TemplatesView['compared']> }) {
  const language = useLanguage();
  if (compared.foreign.length === 0) return null;
  return (
    <section>
      <h2>{language.say('templates.foreign')}</h2>
      <p class="none">{language.say('templates.foreign.hint')}</p>
      <Table
        caption={language.say('templates.foreign')}
        rows={compared.foreign}
        keyOf={({ templateId }) => String(templateId)}
        empty=""
        columns={[
          {
            name: language.say('column.template'),
            cell: ({ name, templateId }) => (
              <>
                <Text of={name} />
                <small>{templateId}</small>
              </>
            ),
          },
          { name: language.say('column.events'), cell: ({ kinds }) => <Kinds of={kinds} /> },
          { name: language.say('column.bound'), cell: ({ rules }) => <Rules of={rules} /> },
        ]}
      />
    </section>
  );
}
