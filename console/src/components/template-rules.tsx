import { useLanguage } from '../language.js';
import { DEFAULT_APP_NAME, type Problems, type TemplateDraft } from '../template-draft.js';
import { TextField } from './text-field.js';

interface TemplateRulesProps {
  readonly draft: TemplateDraft;
  readonly problems: Problems;
  readonly isFixed: boolean;
  readonly onChange: (part: Partial<TemplateDraft>) => void;
}

/** Push domains and AppNames to which a template is bound. */
export function TemplateRules({ draft, problems, isFixed, onChange }: TemplateRulesProps) {
  const language = useLanguage();
  const { rules } = draft;
  const set = (at: number, part: { domain?: string; appName?: string }) =>
    onChange({ rules: rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)) });
  return (
    <fieldset class="facts rules" disabled={isFixed}>
      <legend>{language.say('column.bound')}</legend>
      <p class="none">{language.say('template.rules.hint')}</p>
      {rules.map(({ domain, appName }, at) => (
        // Rows have no names of their own, and their order stays.
        <div class="rule" key={at}>
          <TextField
            name={language.say('filter.domain')}
            placeholder="push.example.com"
            value={domain}
            isRequired
            problem={domain === '' ? undefined : problems.get(`domain-${at}`)}
            onChange={(value) => set(at, { domain: value })}
          />
          <TextField
            name={language.say('filter.path')}
            value={appName}
            isRequired
            problem={problems.get(`app-${at}`)}
            onChange={(value) => set(at, { appName: value })}
          />
          <button
            type="button"
            class="danger"
            onClick={() => onChange({ rules: rules.filter((_, index) => index !== at) })}
          >
            {language.say('template.unbind')}
          </button>
        </div>
      ))}
      <p class="buttons">
        <button
          type="button"
          onClick={() => onChange({ rules: [...rules, { domain: '', appName: DEFAULT_APP_NAME }] })}
        >
          {language.say('template.bind')}
        </button>
      </p>
    </fieldset>
  );
}
