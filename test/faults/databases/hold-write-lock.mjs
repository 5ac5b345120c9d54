// Holds the write lock of a SQLite file, with a write that is not committed, until it is told to end.
import Database from 'better-sqlite3';

const database = new Database(process.argv[2], { timeout: 60_000 });
database.exec('BEGIN IMMEDIATE');
database.exec('CREATE TABLE IF NOT EXISTS fault_lock (n int)');
database.exec('INSERT INTO fault_lock VALUES (1)');
process.stdout.write('locked\n');

function release() {
  database.exec('COMMIT');
  process.exit(0);
}
process.once('SIGTERM', release);
process.stdin.once('end', release).resume(); // the harness has ended
