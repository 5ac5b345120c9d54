import { useLanguage } from '../language.js';
import type { Standing } from '../shapes.js';
import { Text } from './text.js';

/** What an operator should know whatever page is open; nothing when all is well. */
export function HealthBanner({ health }: { health: Standing['health'] }) {
  const language = useLanguage();
  const { storage, clock, spooled, spoolSetAside, listeners } = health;
  const says: string[] = [];
  if (storage.status !== 'up') says.push(language.say(`health.storage.${storage.status}`));
  if (clock.status !== 'up') {
    says.push(language.say('health.clock', { seconds: clock.offsetSeconds ?? 0 }));
  }
  if (spooled) says.push(language.say('health.spooled', { count: spooled }));
  if (spoolSetAside) says.push(language.say('health.set-aside', { count: spoolSetAside }));
  if (listeners?.paused) says.push(language.say('health.paused', { count: listeners.paused }));
  if (listeners?.open) says.push(language.say('health.open', { count: listeners.open }));
  const findings = storage.findings.length > 0 ? storage.findings.join(', ') : undefined;
  if (says.length === 0 && findings === undefined) return null;
  return (
    <div class="banner" role="status">
      <ul>
        {says.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {findings !== undefined && (
          <li>
            {language.say('health.findings')} <Text of={findings} />
          </li>
        )}
      </ul>
    </div>
  );
}
