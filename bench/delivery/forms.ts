import { chooseContenders, type Contender } from '../contenders.js';

const node: Contender = {
  ...(chooseContenders('postgres')[0] as Contender),
  program: 'contenders/delivery',
};

/** The form that the others are compared with. */
export const IN_PROCESS: Contender = {
  ...node,
  name: 'in-process',
  title: 'in process, one node',
};

/** The ways to run listeners, on PostgreSQL. */
export const FORMS: readonly Contender[] = [
  IN_PROCESS,
  {
    ...node,
    name: 'three-nodes',
    title: 'in process, three nodes',
    roles: ['all', 'all', 'all'],
  },
  {
    ...node,
    name: 'bullmq',
    title: 'BullMQ, one node',
    isOnBullMq: true,
  },
  {
    ...node,
    name: 'bullmq-workers',
    title: 'BullMQ, one intake and two workers',
    roles: ['intake', 'worker', 'worker'],
    isOnBullMq: true,
  },
];
