import type { CallbackTemplate } from '../templates/callback-template.js';
import type { TemplateStore } from '../templates/template.store.js';
import type { Actions } from './action.js';
import type { ParameterSpec } from './api.parameters.js';

const MODIFIABLE: ParameterSpec = {
  TemplateName: 'string',
  Description: 'string',
  StreamBeginNotifyUrl: 'string',
  StreamEndNotifyUrl: 'string',
  RecordNotifyUrl: 'string',
  RecordStatusNotifyUrl: 'string',
  SnapshotNotifyUrl: 'string',
  PornCensorshipNotifyUrl: 'string',
  PushExceptionNotifyUrl: 'string',
  AudioAuditNotifyUrl: 'string',
  RecordExceptionNotifyUrl: 'string',
  RecordExceptionLevels: 'strings',
  CallbackKey: 'string',
};

/** The actions on callback templates (docs/protocol.md, section 7). */
export function templateActions(store: TemplateStore): Actions {
  return {
    CreateLiveCallbackTemplate: {
      parameters: { ...MODIFIABLE, TemplateName: 'string!', StreamMixNotifyUrl: 'string' },
      run: (given) => ({ TemplateId: store.createTemplate(given.without()) }),
    },
    ModifyLiveCallbackTemplate: {
      parameters: { TemplateId: 'integer!', ...MODIFIABLE },
      run: (given) => {
        store.modifyTemplate(given.integer('TemplateId'), given.without('TemplateId'));
        return {};
      },
    },
    DescribeLiveCallbackTemplate: {
      parameters: { TemplateId: 'integer!' },
      run: (given) => ({ Template: describe(store.template(given.integer('TemplateId'))) }),
    },
    DescribeLiveCallbackTemplates: {
      parameters: {},
      run: () => ({ Templates: store.templates.map(describe) }),
    },
    DeleteLiveCallbackTemplate: {
      parameters: { TemplateId: 'integer!' },
      run: (given) => {
        store.deleteTemplate(given.integer('TemplateId'));
        return {};
      },
    },
  };
}

/** The read model: every field but RecordStatusNotifyUrl, which cannot be read back. */
function describe({ id, fields }: CallbackTemplate): Record<string, unknown> {
  return {
    TemplateId: id,
    TemplateName: fields.TemplateName,
    Description: fields.Description ?? '',
    StreamBeginNotifyUrl: fields.StreamBeginNotifyUrl ?? '',
    StreamEndNotifyUrl: fields.StreamEndNotifyUrl ?? '',
    StreamMixNotifyUrl: fields.StreamMixNotifyUrl ?? '',
    RecordNotifyUrl: fields.RecordNotifyUrl ?? '',
    SnapshotNotifyUrl: fields.SnapshotNotifyUrl ?? '',
    PornCensorshipNotifyUrl: fields.PornCensorshipNotifyUrl ?? '',
    CallbackKey: fields.CallbackKey ?? '',
    PushExceptionNotifyUrl: fields.PushExceptionNotifyUrl || null,
    AudioAuditNotifyUrl: fields.AudioAuditNotifyUrl || null,
    RecordExceptionNotifyUrl: fields.RecordExceptionNotifyUrl ?? '',
    RecordExceptionLevels: fields.RecordExceptionLevels ?? [],
  };
}
