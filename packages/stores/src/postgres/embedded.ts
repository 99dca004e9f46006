import type { Store } from '@countersign/core'
import { createPostgresStore, type PostgresStoreOptions } from './postgres.ts'
import { type EmbeddedOptions, startEmbedded } from './supervisor.ts'

export interface EmbeddedStoreOptions extends EmbeddedOptions, Omit<PostgresStoreOptions, 'connection'> {}

/** Memory with nothing to install: a PostgreSQL of our own in `dataDir`, and the store in it. Closing ends both. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const server = await startEmbedded(options)
  try {
    const store = await createPostgresStore({ ...options, connection: server.connection })
    return {
      ...store,
      async close() {
        await store.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}
