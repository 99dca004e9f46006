/**
 * How Node runs the tests. Nearly all of their code runs a few times, so what V8 does for code that runs for hours is
 * spent in vain: a quarter of the processor time.
 *
 * @module
 */

/** As the program itself has it. */
export const asTheProgram = ['--wasm-tiering-budget=50000000']

/** Bytes that run before V8 optimises a function, 15 times the usual; later versions first have a compiler that is cheap. */
const optimisedLate = Number(process.versions.v8.split('.')[0]) < 12 ? ['--interrupt-budget=1000000'] : []

/** Megabytes, twice the usual: what one test makes is gone when they are full, and little is left to be copied. */
const roomForTheYoung = ['--min-semi-space-size=32', '--max-semi-space-size=32']

export const runOnce = [...asTheProgram, ...optimisedLate, ...roomForTheYoung]
