import type { TemplateStore } from '../templates/template.store.js';
import type { Actions } from './action.js';
import { beijingTime } from './cloud-time.js';

/** The actions on callback rules (docs/protocol.md, section 7). */
export function ruleActions(store: TemplateStore): Actions {
  return {
    CreateLiveCallbackRule: {
      parameters: { DomainName: 'string!', AppName: 'string!', TemplateId: 'integer!' },
      run: (given) => {
        store.createRule(
          given.string('DomainName'),
          given.string('AppName'),
          given.integer('TemplateId'),
        );
        return {};
      },
    },
    DeleteLiveCallbackRule: {
      parameters: { DomainName: 'string!', AppName: 'string!' },
      run: (given) => {
        store.deleteRule(given.string('DomainName'), given.string('AppName'));
        return {};
      },
    },
    DescribeLiveCallbackRules: {
      parameters: {},
      run: () => ({
        Rules: store.rules.map(({ domain, appName, templateId, createdAt }) => ({
          CreateTime: beijingTime(createdAt),
          // A rule cannot be modified, only deleted and created anew.
          UpdateTime: beijingTime(createdAt),
          TemplateId: templateId,
          DomainName: domain,
          AppName: appName,
        })),
      }),
    },
  };
}
