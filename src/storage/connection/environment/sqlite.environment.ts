import { statfsSync } from 'node:fs';

import type { DataSource } from 'typeorm';

import { driverHandle } from '../drivers/driver-handle.js';
import { broken, risk, type EnvironmentFinding } from './environment.finding.js';

/** Numbers that the kernel gives file systems of other machines, whose locks SQLite cannot rely on. */
const NETWORKS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
]);

/** Journal and place of a SQLite file. */
export async function lookAtSqlite(dataSource: DataSource): Promise<EnvironmentFinding[]> {
  const database = driverHandle.sqlite(dataSource);
  const findings: EnvironmentFinding[] = [];
  const journal = String(database.pragma('journal_mode', { simple: true }));
  if (journal !== 'wal') {
    const what = `The journal of ${database.name} is "${journal}" after it was set to WAL`;
    const fix = 'Put the file on a local disk that this process may write to, with its folder.';
    findings.push(broken('journal', what, fix));
  }
  const network = NETWORKS.get(statfsSync(database.name).type);
  if (network) {
    const what = `${database.name} lies on ${network}, whose locks do not hold`;
    findings.push(risk('network-file', what, 'Put the file on a local disk.'));
  }
  return findings;
}
