import { useState } from 'preact/hooks';

import { Failure, Loaded } from '../components/answer.js';
import { TemplateEvents } from '../components/template-events.js';
import { TemplateRules } from '../components/template-rules.js';
import { TextField } from '../components/text-field.js';
import { useLanguage } from '../language.js';
import { linkTo, type Route } from '../route.js';
import { ServerError } from '../server.js';
import type { TemplatesView } from '../shapes.js';
import {
  declarationOf,
  draftOf,
  problemsOf,
  roomOf,
  type TemplateDraft,
} from '../template-draft.js';
import { useAnswer, useSession } from '../use-answer.js';
import { NEW_TEMPLATE } from './templates.page.js';

/** One template: what is declared of it, checked while it is written. */
export function TemplatePage({ route }: { route: Route }) {
  const language = useLanguage();
  const { hasTemplates } = useSession();
  const answer = useAnswer<TemplatesView>(hasTemplates ? 'templates' : null);
  const [shown, setShown] = useState(0);
  return (
    <>
      <div class="heading">
        <h1>{language.say('template.title')}</h1>
      </div>
      <p>
        <a href={linkTo('templates')}>{language.say('template.all')}</a>
      </p>
      <Loaded answer={answer}>
        {(view) => (
          <TemplateForm
            key={shown}
            view={view}
            item={route.item ?? NEW_TEMPLATE}
            onReload={() => setShown(shown + 1)}
          />
        )}
      </Loaded>
    </>
  );
}

interface TemplateFormProps {
  readonly view: TemplatesView;
  readonly item: string;
  readonly onReload: () => void;
}

function TemplateForm({ view, item, onReload }: TemplateFormProps) {
  const language = useLanguage();
  const { server, rights } = useSession();
  const isNew = item === NEW_TEMPLATE;
  // What the edit began with: whoever else changes the file meanwhile is not overwritten.
  const [first] = useState(view);
  const template = first.templates.find(({ id }) => id === item);
  const [before] = useState(() => draftOf(template));
  const [draft, setDraft] = useState(before);
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<ServerError>();
  if (!isNew && !template) return <p class="empty">{language.say('template.gone')}</p>;
  const change = (part: Partial<TemplateDraft>) => setDraft({ ...draft, ...part });
  const problems = problemsOf(draft, before, first, isNew);
  const mayAct = rights.includes('act');
  const room = roomOf(draft, first);
  const save = async () => {
    setSaving(true);
    setError(undefined);
    try {
      await server.post('templates/save', {
        id: draft.id,
        isNew,
        declaration: declarationOf(draft),
        ...(draft.key && { key: draft.key }),
        revision: first.revision,
      });
      location.hash = linkTo('templates');
    } catch (problem) {
      setError(problem instanceof ServerError ? problem : new ServerError(-1, String(problem)));
      setSaving(false);
    }
  };
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {view.revision !== first.revision && (
        <p role="alert" class="failure">
          {language.say('template.changed')}{' '}
          <button type="button" onClick={onReload}>
            {language.say('answer.reload')}
          </button>
        </p>
      )}
      <fieldset class="facts" disabled={!mayAct}>
        <legend class="hidden">{language.say('template.title')}</legend>
        <TextField
          name={language.say('template.id')}
          hint={language.say('template.id.hint')}
          value={draft.id}
          isFixed={!isNew}
          isRequired
          problem={draft.id === '' ? undefined : problems.get('id')}
          onChange={(id) => change({ id })}
        />
        <TextField
          name={language.say('template.name')}
          hint={language.say('template.name.hint')}
          placeholder={`${first.stack}-${draft.id}`}
          most={30}
          value={draft.name}
          problem={problems.get('name')}
          onChange={(name) => change({ name })}
        />
        <TextField
          name={language.say('template.description')}
          hint={language.say('template.description.hint')}
          most={room}
          value={draft.description}
          problem={problems.get('description')}
          onChange={(description) => change({ description })}
        />
        {isNew ? (
          <TextField
            name={language.say('template.key')}
            hint={language.say(first.hasKeyFile ? 'template.key.hint' : 'template.key.no-file')}
            isSecret
            isFixed={!first.hasKeyFile}
            most={32}
            value={draft.key}
            problem={problems.get('key')}
            onChange={(key) => change({ key })}
          />
        ) : (
          <div>
            <span class="label">{language.say('template.key')}</span>
            {template && language.say(`template.key.${template.key}`)}
          </div>
        )}
      </fieldset>
      <TemplateEvents
        draft={draft}
        problems={problems}
        hasBaseUrl={first.hasBaseUrl}
        isFixed={!mayAct}
        onChange={change}
      />
      <TemplateRules draft={draft} problems={problems} isFixed={!mayAct} onChange={change} />
      {error && <Failure error={error} />}
      {mayAct && (
        <p class="buttons">
          <button
            type="submit"
            class="primary"
            disabled={isSaving || problems.size > 0 || draft === before}
          >
            {language.say('template.save')}
          </button>
          <a href={linkTo('templates')}>{language.say('act.cancel')}</a>
          <span class="none">{language.say('template.save.hint')}</span>
        </p>
      )}
    </form>
  );
}
