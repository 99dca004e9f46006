import { createDesk, createPins, createStops } from '@countersign/core'
import { createMemorySessionStore, createSessions, createSignIn } from '@countersign/identity'
import { createSandbox } from '@countersign/policy'
import { Registry } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { createApi } from '../../packages/server/src/api/api.ts'
import { createRoster } from '../../packages/server/src/agents/roster.ts'

/** `docs/openapi.json`: what a running instance serves at `/openapi.json`, from one that never listens. */
export async function openApiDocument(): Promise<object> {
  const publicUrl = 'http://localhost:4600'
  const clock = { now: () => 0 }
  const store = createMemoryStore({ clock })
  const source = { files: [], registry: Registry.parse({}), agentGroups: [] }
  const policy = {
    active(): never {
      throw new Error('no policies are loaded to print a reference')
    },
  }
  const api = createApi({
    store,
    desk: createDesk({ store }),
    stops: createStops({ store }),
    roster: createRoster({ store, stops: createStops({ store }), groups: () => [], agentGroups: () => [] }),
    pins: createPins({ store }),
    running: { node: { id: '', epoch: () => undefined }, followers: () => [], addresses: [], concerns: () => [] },
    concerns: { raise: () => undefined, clear: () => undefined },
    policy,
    policies: () => ({ version: '', at: 0, by: 'start', files: [] }),
    sandbox: createSandbox({ engine: policy, source, cases: async () => undefined }),
    clock,
    publicUrl,
    version: '0.1.0',
    demo: false,
    vkey: '',
    ledgerOpen: true,
    sessions: createSessions({ store: createMemorySessionStore(), clock, secure: false }),
    signIn: createSignIn({
      issuer: 'https://id.example',
      clientId: 'countersign',
      redirectUri: `${publicUrl}/sign-in/callback`,
      clock,
    }),
    founding: { link: undefined, founded: async () => true },
    page: async () => new Response(undefined, { status: 404 }),
    log: () => undefined,
  })
  const { paths, ...rest } = (await (await api.fetch(new Request(`${publicUrl}/openapi.json`))).json()) as {
    paths: object
  }
  return { ...rest, paths }
}
