export { createAsk } from './ask.ts'
export { type Hand, product } from './hand.ts'
export { createProgram } from './program.ts'
export { Stopped } from './stopped.ts'
