/**
 * What so many verdicts cost and take, at each price.
 *
 * @param {{ calls: number, tokens: { input: number, output: number }, prices: number[][], requestsPerMinute: number }} run `tokens`: of one call.
 *   `prices`: US dollars for a million tokens, in and out.
 */
export function costTable({ calls, tokens, prices, requestsPerMinute }) {
  return {
    calls,
    tokens_per_call: { input: Math.round(tokens.input), output: Math.round(tokens.output) },
    /** If nothing but the limit holds it up. */
    hours_at_the_limit: Number((calls / requestsPerMinute / 60).toFixed(2)),
    rows: prices.map(([input, output]) => ({
      price: { input, output },
      dollars: Math.round((calls * (tokens.input * input + tokens.output * output)) / 1e6),
    })),
  };
}
