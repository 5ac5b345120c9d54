import { BROKERS } from './brokers.js';
import { DATABASES } from './databases.js';
import { isRedisAbsent } from './redis.js';

const SERVICES = [...DATABASES, ...BROKERS, { name: 'Redis', isAbsent: isRedisAbsent }];

/** Says by name which services do not answer, so that a skipped suite is seen. */
export default function reportAbsentServices(): void {
  for (const { name, isAbsent } of SERVICES) {
    if (isAbsent) {
      process.stdout.write(
        `Skipped: every suite on ${name}, which does not answer on this machine (REQUIRE_SERVICES=1 makes that an error).\n`,
      );
    }
  }
}
