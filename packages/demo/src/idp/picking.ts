/**
 * Choosing a person: the one step of a sign-in that the provider leaves to us.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Provider, send } from '@countersign/identity/local'
import { pickerPage, problemPage } from './page.ts'
import { people } from './people.ts'

/** The authentication context that a choice proves: none worth the name. */
export const demoAcr = 'urn:countersign:demo'

export interface PickingSettings {
  readonly provider: Provider
  readonly policy: string
  readonly origin: string
  nameOf(client: unknown): string
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>
type InteractionResults = Parameters<Provider['interactionFinished']>[2]

export function createPicking({ provider, policy, origin, nameOf }: PickingSettings) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const problem = (status: number, says: string) => send(response, status, problemPage(says), policy)
    try {
      const interaction = await provider.interactionDetails(request, response)
      if (request.method === 'GET') return send(response, 200, picker(interaction, request.url ?? ''), policy)
      if (request.method !== 'POST') return problem(405, 'There is only a page to read and a form to send.')
      if ((request.headers.origin ?? origin) !== origin) return problem(403, 'This form comes from another site.')
      const form = new URLSearchParams(await readText(request))
      if (form.has('cancel')) return await finish(request, response, { error: 'access_denied' })
      const person = people.find(({ id }) => id === form.get('person'))
      if (!person) return problem(400, 'Nobody of that name works here.')

      if (interaction.session && interaction.session.accountId !== person.id) await leaveSession(interaction)
      await finish(request, response, {
        login: { accountId: person.id, acr: demoAcr, amr: ['user'] },
        select_account: {},
      })
    } catch {
      // An interaction that is over, or was begun in another browser: the provider's errors say no more than this.
      problem(400, 'This sign-in is over, or was begun in another browser.')
    }
  }

  function picker({ prompt, session, params }: Interaction, action: string): string {
    const again = session !== undefined && prompt.name === 'login'
    return pickerPage({ people, action, client: nameOf(params['client_id']), current: session?.accountId, again })
  }

  function finish(request: IncomingMessage, response: ServerResponse, result: InteractionResults): Promise<void> {
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }

  /** Another person was signed in here. Their session ends now, or the provider would ask to sign out in between. */
  async function leaveSession(interaction: Interaction): Promise<void> {
    const session = interaction.session && (await provider.Session.findByUid(interaction.session.uid))
    delete interaction.session
    await interaction.persist()
    await session?.destroy()
  }
}

/** A form of the demo's sign-in page holds one name; a longer body is not read. */
const mostBytes = 4096

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  // Read to its end even if too large: to stop in the middle would cut the connection before the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes <= mostBytes) chunks.push(chunk)
  }
  if (sizeBytes > mostBytes) throw new Error('the form is too large')
  return Buffer.concat(chunks).toString()
}
