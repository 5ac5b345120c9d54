import { useLanguage } from '../language.js';
import { TEMPLATE_KINDS } from '../kinds.js';
import {
  EXCEPTION_LEVELS,
  type Problems,
  type Target,
  type TemplateDraft,
} from '../template-draft.js';

const TARGETS: readonly Target[] = ['none', 'module', 'url'];

interface TemplateEventsProps {
  readonly draft: TemplateDraft;
  readonly problems: Problems;
  readonly hasBaseUrl: boolean;
  readonly isFixed: boolean;
  readonly onChange: (part: Partial<TemplateDraft>) => void;
}

/** Where the callbacks of each kind go. */
export function TemplateEvents(props: TemplateEventsProps) {
  const { draft, problems, hasBaseUrl, isFixed, onChange } = props;
  const language = useLanguage();
  const none = problems.get('events');
  return (
    <fieldset class="facts targets" disabled={isFixed}>
      <legend>{language.say('column.events')}</legend>
      {none && <p class="problem">{language.say(...none)}</p>}
      {TEMPLATE_KINDS.map((kind) => {
        const target = draft.targets[kind] as Target;
        const problem = problems.get(`url-${kind}`);
        const name = language.say(`kind.${kind}`);
        return (
          <div class="field" key={kind}>
            <label for={`target-${kind}`}>{name}</label>
            <select
              id={`target-${kind}`}
              value={target}
              onChange={({ currentTarget: { value } }) =>
                onChange({ targets: { ...draft.targets, [kind]: value as Target } })
              }
            >
              {TARGETS.map((value) => (
                <option key={value} value={value} disabled={value === 'module' && !hasBaseUrl}>
                  {language.say(`template.target.${value}`)}
                </option>
              ))}
            </select>
            {target === 'url' && (
              <>
                <input
                  type="text"
                  inputMode="url"
                  autocomplete="off"
                  aria-label={`URL: ${name}`}
                  aria-invalid={problem !== undefined}
                  aria-describedby={`url-${kind}-hint`}
                  placeholder="https://…"
                  value={draft.urls[kind] ?? ''}
                  onInput={({ currentTarget: { value } }) =>
                    onChange({ urls: { ...draft.urls, [kind]: value } })
                  }
                />
                <small id={`url-${kind}-hint`} class={problem ? 'problem' : ''}>
                  {language.say(...(problem ?? (['template.url.hint'] as const)))}
                </small>
              </>
            )}
            {kind === 'record-exception' && target !== 'none' && (
              <Levels draft={draft} onChange={onChange} />
            )}
          </div>
        );
      })}
    </fieldset>
  );
}

function Levels({ draft, onChange }: Pick<TemplateEventsProps, 'draft' | 'onChange'>) {
  const { levels } = draft;
  return (
    <span class="buttons">
      {EXCEPTION_LEVELS.map((level) => (
        <label class="choice" key={level}>
          <input
            type="checkbox"
            checked={levels.includes(level)}
            onChange={({ currentTarget: { checked } }) =>
              onChange({
                levels: checked ? [...levels, level] : levels.filter((one) => one !== level),
              })
            }
          />
          <code>{level}</code>
        </label>
      ))}
    </span>
  );
}
