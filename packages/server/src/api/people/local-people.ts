/**
 * What local people meet before they are signed in: the founder's first page, and the page behind a one-time link.
 *
 * @module
 */
import { CountersignError, type CountersignError as Failure, isError } from '@countersign/core'
import type { Seat } from '@countersign/identity/local'
import { localIssuer } from '@countersign/schema'
import type { Context } from 'hono'
import type { ApiEnv, ApiParts } from '../front/parts.ts'
import { html, plainPage } from '../../http/plain-page.ts'
import { toldOf } from '../../http/problems.ts'
import { redirect } from '../../http/redirect.ts'
import { mustBeSameOrigin } from '../front/who.ts'
import type { LocalParts } from '../../people/local-people.ts'

/** A form of the local people's pages has a few short fields; a longer body is refused (413). */
const mostBytes = 4096

/** The founder says their name, and is in. */
export const founderPage = (says?: string): Response =>
  plainPage(
    'Welcome to Countersign',
    html`<p>
        No identity provider is connected, so you begin with people of this machine: you, and whom you add. Everything
        they approve says that it is local. Connect a provider before anything depends on it.
      </p>
      ${says !== undefined && html`<p role="alert">${says}</p>`}
      <form method="post">
        <label>Your name <input name="name" autocomplete="name" required maxlength="200" autofocus /></label>
        <button class="button">Begin as administrator</button>
      </form>
      <p class="soft">An administrator runs Countersign and approves nothing by being one: that comes from groups.</p>`,
    says === undefined ? 200 : 400,
  )

export async function foundLocally(context: Context<ApiEnv>, { publicUrl }: ApiParts, { people, roster }: LocalParts) {
  mustBeSameOrigin(context.req.raw, publicUrl)
  const form = await readForm(context.req.raw)
  try {
    const { subject } = await roster.found(form.get('name') ?? '')
    return seated(await people.seat(subject))
  } catch (error) {
    if (!isError(error, 'ERR_INPUT_INVALID')) throw error
    return founderPage(toldOf(error as Failure))
  }
}

/** Viewer uses nothing up: what previews links, or opens them twice, does no harm. Undefined if it leads to nobody. */
export async function joinPage(context: Context<ApiEnv>, { store }: ApiParts, { people }: LocalParts) {
  const subject = people.invited(context.req.param('token') ?? '')
  const person = subject === undefined ? undefined : await store.people.byAccount(localIssuer, subject)
  if (!person?.active) return undefined
  const now = people.seated(context.req.header('cookie'))
  const other = now !== undefined && now !== subject ? await store.people.byAccount(localIssuer, now) : undefined
  return plainPage(
    `Be ${person.name} in this browser`,
    html`${
        other &&
        html`<p>
          <strong>This browser is ${other.name}’s.</strong> To be both, open the link in another browser or a private
          window; going on here makes it ${person.name}’s.
        </p>`
      }
      <p>Groups: ${person.groups.join(', ') || 'none'}. Roles: ${person.roles.join(', ') || 'none'}.</p>
      <form method="post"><button class="button">Sign in as ${person.name}</button></form>
      <p class="soft">
        The link works once. What ${person.name} approves says that it is local: no provider proves who it is.
      </p>`,
  )
}

export async function join(context: Context<ApiEnv>, { publicUrl, sessions }: ApiParts, { people }: LocalParts) {
  mustBeSameOrigin(context.req.raw, publicUrl)
  const joined = await people.join(context.req.param('token') ?? '')
  if (!joined) return undefined
  return seated(joined, await sessions.close(context.req.header('cookie')))
}

/** The console stores the key, which no server and no log sees in a fragment, and signs in. */
const seated = ({ cookies, key }: Seat, ...more: readonly string[]) => redirect(`/#local=${key}`, ...more, ...cookies)

async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw new CountersignError('ERR_INPUT_TYPE', { type })
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > mostBytes) throw new CountersignError('ERR_INPUT_TOO_LARGE', { sizeBytes })
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}
