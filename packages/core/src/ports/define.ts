/**
 * Ties a part to its section of the configuration.
 *
 * @module
 */
import type { z } from 'zod'
import type { ChannelContext, OpenChannel } from './channel.ts'
import { CountersignError } from '../errors.ts'
import type { GatewayAddress, Gateway, GatewayContext, Listens, Offered, PreparedGateway, Running } from './gateway.ts'
import type { Around, Finding } from './finding.ts'
import type { FollowerContext, OpenFollower } from './follower.ts'

interface Spec<Config, Inside, Outside> {
  readonly name: string
  readonly config: z.ZodType<Config>
  start(config: Config, inside: Inside): Promise<Outside>
}

const define =
  <Inside, Outside>() =>
  <Config>({ name, config, start }: Spec<Config, Inside, Outside>) => ({
    name,
    config,
    start: (section: unknown, inside: Inside) => start(config.parse(section), inside),
  })

/** Ties a channel to its section of `countersign.yaml`. */
export const defineChannel = define<ChannelContext, OpenChannel>()

/** Ties a follower to its section of `countersign.yaml`; one that is always there has an empty one. */
export const defineFollower = define<FollowerContext, OpenFollower>()

interface GatewaySpec<Config, Ready> {
  readonly name: string
  readonly config: z.ZodType<Config>
  addresses(config: Config, publicUrl: string): readonly GatewayAddress[]
  /** The listeners of its own that it opens. Default: none. */
  listens?(config: Config): readonly Listens[]
  /**
   * Everything that `start` makes of its section before it opens anything; what is wrong with it is all told at once.
   */
  prepare?(config: Config): { readonly ready: Ready; readonly findings: readonly Finding[] }
  offers?(config: Config, ready: Ready): readonly Offered[]
  /** What will not work once it runs, as far as can be known, or tried with `around.connect`. Warnings alone. */
  foresee?(config: Config, around: Around): Promise<readonly Finding[]>
  start(config: Config, services: GatewayContext, ready: Ready): Promise<Running>
}

/** Ties a gateway to its section of `countersign.yaml`. */
export const defineGateway = <Config, Ready = undefined>(spec: GatewaySpec<Config, Ready>): Gateway => {
  function prepare(section: unknown): PreparedGateway {
    const config = spec.config.parse(section)
    const { ready, findings } = spec.prepare?.(config) ?? { ready: undefined as Ready, findings: [] }
    return {
      findings,
      listens: spec.listens?.(config) ?? [],
      addresses: (publicUrl) => spec.addresses(config, publicUrl),
      offers: () => spec.offers?.(config, ready) ?? [],
      foresee: async (around) => (await spec.foresee?.(config, around)) ?? [],
      async start(services) {
        const problems = findings.filter(({ level }) => level === 'problem')
        if (problems.length > 0) throw new CountersignError('ERR_CONFIG_INVALID', problems)
        return spec.start(config, services, ready)
      },
    }
  }
  return {
    name: spec.name,
    config: spec.config,
    prepare,
    start: (section, services) => prepare(section).start(services),
  }
}
