/**
 * A house that is sent what nobody should send, and what is held after each attempt: everyone is served as before.
 *
 * @module
 */
import { expect } from 'vitest'
import { knock, type McpClient, openMcp } from './doors.ts'
import { openTestHouse, type TestHouse } from './house.ts'

/** Stands in everything that is sent, and may stand nowhere afterwards. */
export const mark = 'mark-of-the-sender'

export interface Unharmed {
  readonly house: TestHouse
  readonly mcp: McpClient
  agentKey(): string
  bearer(): { authorization: string }
  cookie(): string
  /** A read at the HTTP gateway, a signed-in person, an MCP client and the operator's socket are answered. */
  stillServes(): Promise<void>
  /** None of it ran, none of it is quoted in the log, and the ledger adds up (P2, P11, P12). */
  nothingCameOfIt(): Promise<void>
}

export async function openUnharmed(): Promise<Unharmed> {
  const house = await openTestHouse()
  const agentKey = () => house.demo.keys['finance-bot']
  const mcp = await openMcp(house.url, agentKey())
  const bearer = () => ({ authorization: `Bearer ${agentKey()}` })
  const cookie = () => house.people.ben.cookies('/api/')
  return {
    house,
    mcp,
    agentKey,
    bearer,
    cookie,
    async stillServes() {
      const read = await knock(`${house.demo.gatewayUrl}/company/finance/orders?limit=1`, { headers: bearer() })
      const me = await knock(`${house.url}/api/me`, { headers: { cookie: cookie() } })
      const ping = await mcp.post({ id: 'ping', method: 'ping' })
      const status = await knock('http://house/status', { socketPath: house.socketPath })
      expect([read.status, me.status, ping.body['result'], status.status]).toEqual([200, 200, {}, 200])
    },
    async nothingCameOfIt() {
      expect(house.demo.company.log().filter(({ did }) => !did.endsWith('.read'))).toEqual([])
      expect(JSON.stringify(house.lines)).not.toContain(mark)
      expect((await house.verify()).problems).toEqual([])
    },
  }
}
