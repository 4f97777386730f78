/**
 * Score against ContractNLI's gold annotations, 0–1: a third each for a verbatim quote of the document, a quote of the gold
 * evidence (where there is some), and the right type (risk unless the clauses entail the guideline).
 */
export default function truth(task, response) {
  let comments;
  try {
    comments = JSON.parse(response);
  } catch {
    return 0;
  }
  if (!Array.isArray(comments) || comments.length === 0) return 0;
  const { choice, evidence } = task.truth;
  const right = choice === 'Entailment' ? 'compliant' : 'risk';
  const scores = comments.map((comment) => {
    const excerpt = typeof comment?.text_excerpt === 'string' ? comment.text_excerpt.trim() : '';
    const quoted = excerpt.length >= 12 && task.metadata.document.includes(excerpt);
    const relevant =
      quoted &&
      (evidence.length === 0 || evidence.some((gold) => gold.includes(excerpt) || excerpt.includes(gold)));
    return (Number(quoted) + Number(relevant) + Number(comment?.comment_type === right)) / 3;
  });
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}
