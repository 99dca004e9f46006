/**
 * Puts an instance together. The only file that knows every part by name.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import {
  createConcerns,
  createDesk,
  createGate,
  createJudge,
  createPins,
  createSigner,
  createStops,
  type Follower,
  type PreparedGateway,
  type LogLine,
  type Running,
  type Stops,
  type Store,
} from '@countersign/core'
import { createWayOut } from '@countersign/egress'
import { createIdentify, createMemorySessionStore, createSessions, openFounding } from '@countersign/identity'
import type { LoadedBy } from '@countersign/schema'
import { agentGroupsOf, createSandbox, policyCases, type Reload } from '@countersign/policy'
import { createApi } from './api/api.ts'
import { type RunningFollower, startFollower } from './duties/followers.ts'
import { createGatewayContext } from './gateway-context.ts'
import { openPolicies } from './in-force.ts'
import { type DeploymentKeys } from './data/keys.ts'
import { holdNodeLease } from './duties/lease.ts'
import { listen, type NodeMount } from './http/listener.ts'
import { createMounted } from './http/mounted.ts'
import type { LocalRoster } from './people/local-people.ts'
import { openAll } from './opened.ts'
import { openChannels } from './channels/channels.ts'
import type { Receiver } from './channels/pressed.ts'
import { builtIn, followersIn } from './config/parts.ts'
import { createPages } from './http/pages.ts'
import { createPeopleKeeping, type PeopleKeeping } from './people/people-keeping.ts'
import type { Prepared } from './config/prepare.ts'
import { checkpoints } from './duties/checkpoints.ts'
import { watchProvider } from './people/provider-watch.ts'
import { createRoster, type Roster } from './agents/roster.ts'
import { deadlines } from './duties/deadlines.ts'
import { type Duty, startDuty } from './duties/duty.ts'
import { type Standing, standingOf } from './operator/standing.ts'
import { onOneInstance } from './duties/one-instance.ts'
import { wake } from './duties/wake.ts'
import { isLoopback, openWhoSignsIn } from './people/who-signs-in.ts'

export interface InstanceParts {
  /** It is made while the store still opens. */
  readonly prepared: Prepared | Promise<Prepared>
  readonly store: Store | Promise<Store>
  readonly keys: DeploymentKeys
  /** Where the console's built files lie. */
  readonly consoleDir: string
  readonly version: string
  readonly demo: boolean
  /** Where local people are kept, while no identity provider is configured. */
  readonly dataDir?: string
  /** What else answers on Countersign's own listener. */
  readonly mounts?: readonly NodeMount[]
  log(line: LogLine): void
}

export interface Instance extends Running {
  readonly url: string
  readonly vkey: string
  /** The one-time link for the first administrator, while Countersign has none. */
  readonly welcome: string | undefined
  readonly stops: Stops
  readonly roster: Roster
  /** Who may come in, and whose sessions end. */
  readonly keeping: PeopleKeeping
  /** While no identity provider is connected. */
  readonly localPeople: LocalRoster | undefined
  /** Every place that it opens to agents. */
  readonly addresses: ReturnType<typeof addressesOf>
  /** Whether it can do its work. */
  standing(): Promise<Standing>
  /** Reads policies and registry again; the old ones stay if the new ones fail a check. */
  reload(by: LoadedBy): Promise<Reload>
}

/** Everything that is opened is closed again in the reverse order, also when a later part does not start. */
export async function openInstance(parts: InstanceParts): Promise<Instance> {
  const { keys, log, demo, version } = parts
  const opened = openAll()
  const concerns = createConcerns({ clock: { now: () => Date.now() }, log })
  try {
    const [prepared, store] = await Promise.all([parts.prepared, parts.store])
    const { config, source, gateways } = prepared
    const { clock } = store
    const publicUrl = config.publicUrl ?? `http://localhost:${config.listen.port}`
    const signer = createSigner(store.ledger.origin, keys.log)
    const out = createWayOut(opened.add)
    const node = await opened.add(holdNodeLease({ store, version, log }))

    const { policies: loaded, watch } = prepared
    const policies = await opened.add(
      openPolicies({
        policies: loaded,
        folder: config.policies,
        files: source.files,
        watch,
        store,
        concerns,
        clock,
        log,
      }),
    )
    const policy = policies.engine
    const registry = () => policy.active().registry
    for (const warning of prepared.warnings) log({ level: 'warn', ...warning })

    const desk = createDesk({ store })
    const stops = createStops({ store })
    const roster = createRoster({
      store,
      stops,
      groups: () => registry().groups,
      agentGroups: () => agentGroupsOf(config, registry()),
    })
    const addresses = addressesOf(gateways, publicUrl)
    const judge = createJudge({
      store,
      policy,
      registry,
      clock,
      risk: config.risk,
      timeZone: config.timeZone,
    })
    const gate = createGate({
      store,
      desk,
      judge,
      policy,
      node,
      publicUrl,
      limits: config.limits,
      caughtUp: policies.caughtUp,
      log,
    })
    const pins = createPins({ store })
    const mounted = createMounted({ publicUrl, log })
    const { services, allowancesChanged } = createGatewayContext({
      store,
      gate,
      desk,
      policy,
      pins,
      key: keys.tenant,
      publicUrl,
      concerns,
      mount: mounted.mount,
      identify: createIdentify(store, clock),
      log,
    })

    const followers: RunningFollower[] = []
    const receivers = new Map<string, Receiver>()
    const keeping = createPeopleKeeping(store)
    const who = await opened.add(
      openWhoSignsIn({
        identity: config.identity,
        dataDir: parts.dataDir,
        publicUrl,
        store,
        keeping,
        groups: () => registry().groups,
        outTo: out.fetchTo,
      }),
    )
    const { signIn, local, founded } = who
    const founding = (await founded()) ? undefined : openFounding(clock)
    const api = createApi({
      store,
      desk,
      stops,
      roster,
      running: {
        node,
        followers: () => followers.map((each) => each.state()),
        addresses,
        concerns: () => concerns.list(),
      },
      concerns,
      pins,
      policy,
      policies: policies.state,
      sandbox: createSandbox({ engine: policy, source, cases: () => policyCases(config.policies) }),
      clock,
      publicUrl,
      version,
      demo,
      vkey: signer.vkey,
      ledgerOpen: isLoopback(publicUrl),
      timeZone: config.timeZone,
      sessions: createSessions({
        store: createMemorySessionStore(),
        clock,
        encryptionKey: createHmac('sha256', keys.tenant).update('countersign: sign-ins under way, v1').digest(),
        secure: publicUrl.startsWith('https:'),
      }),
      signIn,
      local,
      groupRoles: config.identity?.roles,
      founding: { link: founding?.founding, founded },
      page: createPages(parts.consoleDir),
      receivers,
      log,
    })
    const listener = await opened.add(
      listen({
        ...config.listen,
        fetch: (request, { peer }) => api.fetch(request, { peer }),
        mounts: [...(parts.mounts ?? []), ...who.mounts],
        answers: mounted.answers,
      }),
    )
    await opened.add({ close: async () => api.windows.close() })
    await opened.add(watchProvider(signIn, concerns))

    await opened.add(wake(store, { desk, gate, pins, policies, windows: api.windows, allowancesChanged }, log))
    const context = {
      actions: store.actions,
      origin: store.ledger.origin,
      publicUrl,
      postTo: out.postTo,
    }
    for (const { name, start } of builtIn) await follow({ name, ...(await start({}, context)) })
    for (const { name, part, section } of followersIn(config.followers))
      await follow({
        name: name === part.name ? name : `${part.name}:${name}`,
        ...(await part.start(section, context)),
      })
    await opened.add(
      openChannels({
        store,
        desk,
        publicUrl,
        configured: prepared.channels,
        context: { clock, publicUrl, postTo: out.postTo },
        concerns,
        receivers,
        follow,
        onDuty,
        log,
      }),
    )
    for (const duty of [deadlines({ store, desk, log }), checkpoints(store, signer)]) await onDuty(duty)
    for (const { gateway, name, observes } of addresses) {
      if (observes) log({ level: 'warn', says: 'This gateway only observes: nothing is held.', gateway, name })
    }
    for (const gateway of gateways.values()) await opened.add(gateway.start(services))

    const url = config.publicUrl ?? `http://localhost:${listener.port}`
    return {
      url,
      vkey: signer.vkey,
      stops,
      roster,
      keeping,
      localPeople: local?.roster,
      addresses,
      welcome: founding && `${url}/welcome/${founding.token}`,
      standing: () =>
        standingOf({
          store,
          active: policy.active,
          policies: policies.state,
          concerns: () => concerns.list(),
          gateways: addresses,
          groupRoles: config.identity?.roles ?? {},
          provider: config.identity !== undefined,
          version,
        }),
      reload: policies.reload,
      close: opened.close,
    }

    function onDuty(duty: Duty) {
      return opened.add(startDuty(duty, { store, node: node.id, log }))
    }

    async function follow(follower: Follower): Promise<void> {
      const start = () => startFollower({ store, follower, log })
      followers.push(await opened.add(onOneInstance({ store, node: node.id, follower, start, log })))
    }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** Every place that the configuration opens to agents. */
export const addressesOf = (gateways: ReadonlyMap<string, PreparedGateway>, publicUrl: string) =>
  [...gateways].flatMap(([gateway, prepared]) =>
    prepared.addresses(publicUrl).map((address) => ({ gateway, ...address })),
  )
