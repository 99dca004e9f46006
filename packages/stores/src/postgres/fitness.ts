import { CountersignError } from '@countersign/core'
import type { Db } from './db.ts'

/** A server that may forget what it acknowledged is no memory. @throws ERR_CONFIG_INVALID */
export async function checkFitness(db: Db): Promise<void> {
  const [row] = await db.query<{ version: number; fsync: string; commits: string; encoding: string }>(settings)
  const faults = [
    row === undefined || row.version < 150_000 ? 'PostgreSQL 15 or newer is needed' : '',
    row?.fsync === 'off' ? 'fsync is off' : '',
    row?.commits === 'off' ? 'synchronous_commit is off' : '',
    row?.encoding === 'UTF8' ? '' : 'the database is not encoded in UTF8',
  ].filter((fault) => fault !== '')
  if (faults.length > 0)
    throw new CountersignError('ERR_CONFIG_INVALID', `This database cannot be the store: ${faults.join(', ')}.`)
}

const settings = {
  name: 'settings',
  text: `select current_setting('server_version_num')::int as version, current_setting('fsync', true) as fsync,
    current_setting('synchronous_commit', true) as commits, current_setting('server_encoding') as encoding`,
}
