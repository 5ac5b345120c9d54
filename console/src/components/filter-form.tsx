import { useState } from 'preact/hooks';

import { useLanguage, type TextKey } from '../language.js';
import { linkTo } from '../route.js';

/** A field of a filter: a text, a time, or one of some values. */
export interface Field {
  readonly name: string;
  readonly type?: 'text' | 'time';
  /** Values, and how they are called. */
  readonly values?: readonly (readonly [value: string, name: string])[];
}

interface FilterFormProps {
  readonly page: string;
  readonly fields: readonly Field[];
  readonly query: Readonly<Record<string, string>>;
}

/** A filter, kept in the URL: what is seen can be sent to a colleague. */
export function FilterForm({ page, fields, query }: FilterFormProps) {
  const language = useLanguage();
  const [draft, setDraft] = useState<Record<string, string>>(() => ({ ...query }));
  const change = (name: string, value: string) => setDraft({ ...draft, [name]: value });
  const apply = (next: Record<string, string>) => {
    const { cursor: _, ...rest } = next;
    location.hash = linkTo(page, rest);
  };
  return (
    <form
      class="filter"
      role="search"
      aria-label={language.say('filter.title')}
      onSubmit={(event) => {
        event.preventDefault();
        apply(draft);
      }}
    >
      {fields.map(({ name, type = 'text', values }) => (
        <label key={name}>
          {language.say(`filter.${name}` as TextKey)}
          {values ? (
            <select
              value={draft[name] ?? ''}
              onChange={(event) => {
                const next = { ...draft, [name]: event.currentTarget.value };
                setDraft(next);
                apply(next);
              }}
            >
              <option value="">{language.say('filter.any')}</option>
              {values.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          ) : (
            <input
              type={type === 'time' ? 'datetime-local' : 'text'}
              step={type === 'time' ? 1 : undefined}
              value={type === 'time' ? toLocal(draft[name]) : (draft[name] ?? '')}
              onInput={({ currentTarget: { value } }) =>
                change(
                  name,
                  type === 'time' && value !== '' ? new Date(value).toISOString() : value,
                )
              }
            />
          )}
        </label>
      ))}
      {fields.some(({ values }) => !values) && (
        <button type="submit" class="primary">
          {language.say('filter.apply')}
        </button>
      )}
      <button
        type="button"
        class="quiet"
        onClick={() => {
          setDraft({});
          apply({});
        }}
      >
        {language.say('filter.clear')}
      </button>
    </form>
  );
}

/** A time as the field for times wants it: of the place of whoever looks, without a zone. */
function toLocal(iso: string | undefined): string {
  if (!iso) return '';
  const at = new Date(iso);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return Number.isNaN(at.getTime()) ? '' : shifted.toISOString().slice(0, 19);
}
