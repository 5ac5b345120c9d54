/** For Jest and Vitest, whose functions are global. */
import { Test } from '@nestjs/testing';

import { exercise, HostModule } from './host.js';

declare const it: (name: string, run: () => Promise<void>, timeout: number) => void;

it('a host hears of a callback in its tests', async () => {
  const testing = await Test.createTestingModule({ imports: [HostModule] }).compile();
  const app = testing.createNestApplication({ logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  await exercise(app);
  await app.close();
}, 60_000);
