import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the application. Those of the module come with the module. */
export class CreateLiveRoom1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const time = runner.connection.options.type === 'postgres' ? 'timestamptz' : 'datetime';
    const tables = [
      `room (name varchar PRIMARY KEY, title varchar NOT NULL)`,
      `broadcast ("sessionId" varchar PRIMARY KEY, room varchar NOT NULL,
        "startedAt" ${time} NOT NULL, "endedAt" ${time}, "endReason" varchar)`,
      `recording ("eventId" varchar PRIMARY KEY, room varchar NOT NULL, url varchar,
        seconds integer, "recordedAt" ${time} NOT NULL)`,
      `verdict ("eventId" varchar PRIMARY KEY, room varchar NOT NULL, suggestion varchar,
        label varchar, picture varchar, "foundAt" ${time} NOT NULL)`,
      `billing_entry ("eventId" varchar PRIMARY KEY, "sessionId" varchar NOT NULL,
        room varchar NOT NULL, minutes integer NOT NULL)`,
    ];
    for (const table of tables) await runner.query(`CREATE TABLE ${table}`);
    await runner.query('CREATE INDEX broadcast_room ON broadcast (room, "startedAt")');
    await runner.query('CREATE INDEX recording_room ON recording (room, "recordedAt")');
    await runner.query('CREATE INDEX billing_entry_session ON billing_entry ("sessionId")');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['billing_entry', 'verdict', 'recording', 'broadcast', 'room']) {
      await runner.query(`DROP TABLE ${name}`);
    }
  }
}
