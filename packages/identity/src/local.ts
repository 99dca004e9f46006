/**
 * What only a deployment without an identity provider loads, and the demo: a provider on this machine.
 *
 * @module
 */
export { type LocalPeople, type LocalPeopleSettings, openLocalPeople, type Seat } from './local/local-people.ts'
export {
  createLoopbackProvider,
  type LoopbackAccount,
  type LoopbackClient,
  type LoopbackProvider,
  type LoopbackProviderSettings,
  send,
} from './local/provider.ts'
export type { Provider } from 'oidc-provider/lib/provider.js'
