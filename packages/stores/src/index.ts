export { createMemoryStore, type MemoryStoreParts } from './memory/memory.ts'
export { type EmbeddedStoreOptions, openEmbeddedStore } from './postgres/embedded.ts'
export { createPostgresStore, type PostgresStoreOptions } from './postgres/postgres.ts'
export { tryPostgres } from './postgres/attempt.ts'
