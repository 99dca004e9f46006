import { describe, expect, it } from 'vitest'
import { demoStands, stands, storyIsOver } from './stands.ts'

const url = 'http://localhost:4600'

describe('G1: what `up` says of who signs in, and the next command', () => {
  it.each<[string, Omit<Parameters<typeof stands>[0], 'url'>, RegExp[], RegExp[]]>([
    [
      'no provider, nobody founded it yet',
      { people: 'local', welcome: `${url}/welcome/x`, data: undefined },
      [
        /^First administrator, once, within 15 minutes: http:\/\/localhost:4600\/welcome\/x$/m,
        /^No identity provider is connected: people are local\. .*proven on this machine and nowhere beyond/m,
        /: countersign people add <id> --groups <group>$/m,
      ],
      [],
    ],
    [
      'no provider, and data elsewhere',
      { people: 'local', welcome: undefined, data: "/srv/my data's" },
      [/people are local/, /--groups <group> --data '\/srv\/my data'\\''s'$/m],
      [/administrator/],
    ],
    [
      'no provider, and others than this machine reach it',
      { people: 'nobody', welcome: undefined, data: undefined },
      [
        /^Nobody can sign in: no identity provider/m,
        /connect-an-identity-provider\.md.*: countersign check --connect$/m,
      ],
      [/people add/],
    ],
    [
      'a provider',
      { people: 'of a provider', welcome: undefined, data: undefined },
      [/^Countersign stands at http:\/\/localhost:4600$/],
      [/\n/],
    ],
  ])('%s', (_, how, says, not) => {
    const said = stands({ url, ...how })
    for (const form of says) expect(said).toMatch(form)
    for (const form of not) expect(said).not.toMatch(form)
  })
})

it('G2: `up --demo` and `demo` say how to put servers of one’s own behind the gate', () => {
  const keys = { 'finance-bot': 'cs_finance', 'ops-bot': 'cs_ops' }
  const said = demoStands({ instance: { url }, gatewayUrl: 'http://127.0.0.1:4601', keys })
  expect(said).toMatch(/servers of your own behind a gate.*\n\n +countersign init\n/)
  expect(storyIsOver).toContain('`countersign init`')
})
