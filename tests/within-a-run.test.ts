/** What is done within a run, as a model's tool calls are within the model call, says so: and nobody else can. */
import { closeOverdue } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { minute } from './cast.ts'
import { type AttemptOptions, done, scene } from './scene.ts'

const parameters = { tool: 'delete_rows' }

/** Attempts something while a run of the same scene is under way. */
async function within(
  { attempt }: ReturnType<typeof scene>,
  how: (permit: string) => AttemptOptions,
  whole: AttemptOptions = {},
): Promise<string> {
  let ending = ''
  await attempt({
    ...whole,
    async run({ id }) {
      ending = await attempt({ parameters, ...how(id) }).then(
        (told) => told.ending,
        (error: { code: string }) => error.code,
      )
      return done()
    },
  })
  return ending
}

describe('an attempt within a run', () => {
  it('is recorded as part of it', async () => {
    const made = scene({ says: 'allow' })
    expect(await within(made, (parent) => ({ parent }))).toBe('ran')
    const [part, whole] = await made.lives()
    expect(part?.record.parent).toEqual({ permit: whole?.permit?.id, actionId: whole?.record.id })
    expect(whole?.record.parent).toBeUndefined()
  })

  it('is so as well where people are asked for it', async () => {
    const made = scene({ says: 'ask' })
    const held = within(made, (parent) => ({ parent }), { patienceMs: 60_000 })
    await made.answer('per_ben')
    expect(await held).toBe('waiting')
    expect((await made.lives()).map(({ record }) => record.parent !== undefined)).toEqual([true, false])
  })

  it('may be within one that its client runs itself', async () => {
    const { attempt } = scene({ says: 'allow' })
    const { handed } = await attempt({ cooperating: true })
    expect(await attempt({ parameters, parent: handed?.id ?? '' })).toMatchObject({ ending: 'ran' })
  })
})

describe('what is said to be part of a run and is not', () => {
  it.each<[string, (parent: string) => AttemptOptions]>([
    ['of a run that nobody heard of', () => ({ parent: 'prm_unheard-of' })],
    ['of another agent’s run', (parent) => ({ parent, as: 'other-bot' })],
    ['of a run for somebody else', (parent) => ({ parent, onBehalfOf: 'per_obo' })],
  ])('%s is refused, and leaves nothing behind', async (_, how) => {
    const made = scene({ says: 'allow' })
    expect(await within(made, how)).toBe('ERR_PARENT_UNKNOWN')
    expect(await made.lives()).toHaveLength(1)
  })

  it('of a run that has ended is refused', async () => {
    const { attempt } = scene({ says: 'allow' })
    const { ran } = await attempt()
    await expect(attempt({ parameters, parent: ran?.id ?? '' })).rejects.toMatchObject({ code: 'ERR_PARENT_UNKNOWN' })
  })

  it('of one whose deadline is over is refused, before and after that is recorded', async () => {
    const { attempt, clock, store } = scene({ says: 'allow' })
    const { handed } = await attempt({ cooperating: true })
    clock.advance(16 * minute)
    const late = () => attempt({ parameters, parent: handed?.id ?? '' })
    await expect(late()).rejects.toMatchObject({ code: 'ERR_PARENT_UNKNOWN' })
    await closeOverdue(store, () => undefined)
    await expect(late()).rejects.toMatchObject({ code: 'ERR_PARENT_UNKNOWN' })
  })
})
