import { openDb } from './db.ts'
import { checkFitness } from './fitness.ts'

/** Asks a server what it is, and changes nothing. @throws as `createPostgresStore`, or what the server said of the attempt */
export async function tryPostgres(url: string): Promise<void> {
  const db = openDb({ connection: { connectionString: url }, connections: 1 })
  try {
    await checkFitness(db)
  } finally {
    await db.close()
  }
}
