import { useLanguage } from '../language.js';
import type { Standing } from '../shapes.js';
import { Text } from './text.js';

/** What an operator should know whatever page is open; nothing when all is well. */
export function HealthBanner({ health }: { health: Standing['health'] }) {
  const language = useLanguage();
  const { storage, clock, spooled, spoolSetAside } = health;
  const says: string[] = [];
  if (storage.status !== 'up') says.push(language.say(`health.storage.${storage.status}`));
  if (clock.status !== 'up') {
    says.push(language.say('health.clock', { seconds: clock.offsetSeconds ?? 0 }));
  }
  if (spooled) says.push(language.say('health.spooled', { count: spooled }));
  if (spoolSetAside) says.push(language.say('health.set-aside', { count: spoolSetAside }));
  const findings = storage.findings.length > 0 ? storage.findings.join(', ') : undefined;
  if (says.length === 0 && findings === undefined) return null;
  return (
    <ul class="banner" role="status">
      {says.map((text) => (
        <li key={text}>{text}</li>
      ))}
      {findings !== undefined && (
        <li>
          {language.say('health.findings')} <Text of={findings} />
        </li>
      )}
    </ul>
  );
}
