"""What SciPy, scikit-learn, statsmodels, krippendorff, pingouin and irrCAC say of random data sets.

    python reference.testing.py --seed 1 --sets 24 > reference.testing.json

Prints JSON: the versions, and each data set with the figures of it. reference.test.ts compares the figures with those of this room. Where a figure is not
defined it is null.
"""

import argparse
import json
import math
import sys
import warnings
from importlib.metadata import version

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import statsmodels.api as sm
from irrCAC.raw import CAC
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")


def attempt(figure):
    """A number, or None where the library raises or has no number."""
    try:
        value = float(figure())
    except (ValueError, ZeroDivisionError, AssertionError, IndexError, KeyError):
        return None
    return value if math.isfinite(value) else None


def data_set(rng, number):
    """Ties, missing ratings, and in half of the sets a prevalence near 0 or 1."""
    n = int(rng.integers(12, 40))
    prevalence = [0.5, 0.8, 0.95, 0.08][number % 4]
    levels = [2, 5, 11, 101][(number // 4) % 4]
    quality = rng.normal(size=n)

    def read(noise):
        share = stats.norm.cdf((quality + noise * rng.normal(size=n)) / math.sqrt(1 + noise**2))
        return np.round(share * (levels - 1)) / (levels - 1)

    judge, other, control = read(0.6), read(0.9), read(2.0)
    label = quality + 0.5 * rng.normal(size=n) < stats.norm.ppf(prevalence) * 1.1
    passed = label ^ (rng.random(n) < 0.15)
    label[0], label[1] = True, False
    graded = np.stack([np.clip(np.round(quality * 1.2 + 3 + rng.normal(size=n) * 0.7), 1, 5) for _ in range(3)])
    missing = np.where(rng.random(graded.shape) < 0.15, np.nan, graded)
    errors = rng.random((n, 3)) < np.where(rng.random((n, 1)) < 0.3, 0.6, 0.1)
    return {
        "judge": judge.tolist(),
        "other": other.tolist(),
        "control": control.tolist(),
        "label": label.tolist(),
        "passed": passed.tolist(),
        "complete": graded.T.tolist(),
        "ratings": [[None if math.isnan(x) else x for x in row] for row in missing.T.tolist()],
        "errors": errors.tolist(),
        "groups": rng.integers(0, max(2, n // 5), size=n).tolist(),
        "p_values": rng.random(int(rng.integers(3, 9))).round(3).tolist(),
    }


def of_two(d):
    a, b = np.array(d["judge"]), np.array(d["other"])
    category = {value: i for i, value in enumerate(sorted(set(a) | set(b)))}
    frame = pd.DataFrame({"a": a, "b": b, "c": d["control"]})
    difference = a - b
    reach = stats.norm.ppf(0.975) * difference.std(ddof=1)
    even = len(category) == 2 or set(np.round(np.diff(sorted(category)), 12)) == {round(1 / (len(category) - 1), 12)}
    label, passed = np.array(d["label"]), np.array(d["passed"])
    return {
        # scikit-learn weighs by the number of the category, which is the scale only where its steps are all there.
        "kappa": attempt(
            lambda: cohen_kappa_score([category[x] for x in a], [category[x] for x in b], weights="quadratic")
        )
        if even
        else None,
        "kappa_boolean": attempt(lambda: cohen_kappa_score(label, passed)),
        "ac1": attempt(
            lambda: CAC(pd.DataFrame({"a": label.astype(int), "b": passed.astype(int)}), digits=14).gwet()["est"][
                "coefficient_value"
            ]
        ),
        "concordance": attempt(
            lambda: 2 * np.cov(a, b, ddof=0)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
        ),
        "bland_altman": [difference.mean(), difference.mean() - reach, difference.mean() + reach],
        "pearson": attempt(lambda: stats.pearsonr(a, b)[0]),
        "spearman": attempt(lambda: stats.spearmanr(a, b)[0]),
        "kendall": attempt(lambda: stats.kendalltau(a, b)[0]),
        "partial_spearman": attempt(
            lambda: pingouin.partial_corr(frame, x="a", y="b", covar="c", method="spearman")["r"].iloc[0]
        ),
        "sensitivity": attempt(lambda: recall_score(label, passed)),
        "specificity": attempt(lambda: recall_score(label, passed, pos_label=False)),
        "precision": attempt(lambda: precision_score(label, passed, zero_division=np.nan)),
        "balanced_accuracy": attempt(lambda: balanced_accuracy_score(label, passed)),
    }


def with_others(d):
    """Correlations and inflation beside several columns: a reading, and the group as a nominal one."""
    frame = pd.DataFrame({"a": d["judge"], "b": d["other"], "c": d["control"]})
    dummies = pd.get_dummies(pd.Series(d["groups"]), prefix="g", drop_first=True, dtype=float)
    held = pd.concat([frame, dummies], axis=1)
    columns = sm.add_constant(frame.to_numpy())
    label = np.array(d["label"])
    ascending, other = np.sort(stats.rankdata(frame["a"])), np.sort(stats.rankdata(frame["b"]))
    return {
        "partial_given": attempt(
            lambda: pingouin.partial_corr(held, x="a", y="b", covar=["c", *dummies.columns], method="spearman")[
                "r"
            ].iloc[0]
        ),
        "inflation": [attempt(lambda i=i: variance_inflation_factor(columns, i)) for i in (1, 2, 3)],
        "area_under_curve": attempt(lambda: roc_auc_score(label, d["judge"])),
        "point_biserial": attempt(lambda: stats.pointbiserialr(label, d["judge"])[0]),
        "attainable": [
            attempt(lambda: stats.pearsonr(ascending[::-1], other)[0]),
            attempt(lambda: stats.pearsonr(ascending, other)[0]),
        ],
    }


def of_many(d):
    complete = np.array(d["complete"])
    missing = np.array([[np.nan if x is None else x for x in row] for row in d["ratings"]])
    long = pd.DataFrame(
        [(i, j, x) for i, row in enumerate(d["complete"]) for j, x in enumerate(row)], columns=["item", "rater", "x"]
    )
    icc = pingouin.intraclass_corr(long, targets="item", raters="rater", ratings="x").set_index("Type")["ICC"]
    alphas = {
        f"alpha_{level}": attempt(
            lambda level=level: krippendorff.alpha(reliability_data=missing.T, level_of_measurement=level)
        )
        for level in ("nominal", "ordinal", "interval", "ratio")
    }
    correlations = np.corrcoef(np.array(d["errors"]).T.astype(float))[np.triu_indices(3, 1)]
    return {
        "fleiss": attempt(lambda: fleiss_kappa(aggregate_raters(complete)[0])),
        **alphas,
        "icc_one_way": attempt(lambda: icc["ICC(1,1)"]),
        "icc_two_way": attempt(lambda: icc["ICC(A,1)"]),
        # The residual of an analysis of variance by item.
        "standard_error": attempt(
            lambda: math.sqrt(
                sm.OLS(long["x"], pd.get_dummies(long["item"]).astype(float)).fit().mse_resid
            )
        ),
        "error_correlation": attempt(lambda: np.nanmean(correlations)),
    }


def within_groups(d):
    judge, label, group = np.array(d["judge"]), np.array(d["label"]), np.array(d["groups"])
    right = pairs = 0.0
    taus = []
    for g in sorted(set(group)):
        inside = group == g
        yes, no = label[inside].sum(), (~label[inside]).sum()
        if yes == 0 or no == 0:
            continue
        right += yes * no * roc_auc_score(label[inside], judge[inside])
        pairs += yes * no
        tau = stats.kendalltau(judge[inside], label[inside])[0]
        taus.append(0.0 if math.isnan(tau) else tau)
    return {"pair_accuracy": right / pairs if pairs else None, "within_tau": float(np.mean(taus)) if taus else None}


def calibration(d):
    judge, label = np.array(d["judge"]), np.array(d["label"]).astype(float)
    outcome, forecast = calibration_curve(label, judge, n_bins=10, strategy="uniform")
    binned = np.digitize(judge, np.linspace(0, 1, 11)[1:-1], right=True)
    counts = np.bincount(binned, minlength=10)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(judge, label)
    at = np.linspace(0, 1, 23)
    targets = np.where(label == 1, (label.sum() + 1) / (label.sum() + 2), 1 / ((1 - label).sum() + 2))
    glm = sm.GLM(targets, sm.add_constant(judge), family=sm.families.Binomial()).fit(tol=1e-15, maxiter=200)
    return {
        "reliability": np.column_stack([forecast, outcome]).tolist(),
        "calibration_error": float((counts[counts > 0] / len(judge) * np.abs(forecast - outcome)).sum()),
        "brier": float(brier_score_loss(label, judge)),
        "isotonic": isotonic.predict(at).tolist(),
        # A falling slope is made constant here, so it is not compared.
        "platt": glm.predict(sm.add_constant(at)).tolist() if glm.params[1] > 0 else None,
    }


def fisher(label, passed):
    label, passed = label.astype(bool), passed.astype(bool)
    table = [[int((a & b).sum()) for b in (passed, ~passed)] for a in (label, ~label)]
    return min(1.0, 2 * min(float(stats.fisher_exact(table, alternative=one).pvalue) for one in ("less", "greater")))


def tests(d):
    label, passed = np.array(d["label"]), np.array(d["passed"])
    other = np.roll(passed, 1)
    right = np.array([passed == label, other == label])
    table = [[int((right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())], [int((~right[0] & right[1]).sum()), 0]]
    successes, n = int(passed.sum()), len(passed)
    judge = np.array(d["ratings"], dtype=object)[:, 0]
    people = np.array(d["complete"])
    p_values = []
    advantages = []
    for j in range(3):
        differences = []
        for i, rated in enumerate(judge):
            if rated is None:
                continue
            others = [people[i][k] for k in range(3) if k != j]
            of_judge, of_person = np.mean([o == rated for o in others]), np.mean([o == people[i][j] for o in others])
            differences.append(int(of_person >= of_judge) - int(of_judge >= of_person))
        advantages.append(float(np.mean([x <= 0 for x in differences])))
        p_values.append(float(stats.ttest_1samp(differences, 0.2, alternative="less").pvalue))
    adjusted = multipletests(p_values, method="fdr_by")[1]
    return {
        "mcnemar": float(mcnemar(table, exact=True).pvalue),
        "binomial": float(stats.binomtest(successes, n).pvalue),
        "fisher": fisher(label, passed),
        "wilson": list(proportion_confint(successes, n, method="wilson")),
        "holm": multipletests(d["p_values"], method="holm")[1].tolist(),
        "benjamini_yekutieli": multipletests(d["p_values"], method="fdr_by")[1].tolist(),
        "alternative_annotator": [float((adjusted < 0.05).mean()), float(np.mean(advantages)), *adjusted.tolist()],
        "t_interval": list(stats.t.interval(0.95, n - 1, loc=0, scale=stats.sem(d["judge"]))),
        "normal_cdf": stats.norm.cdf(d["judge"]).tolist(),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", type=int, default=24)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sets = []
    for number in range(options.sets):
        d = data_set(rng, number)
        d["expected"] = {**of_two(d), **with_others(d), **of_many(d), **within_groups(d), **calibration(d), **tests(d)}
        sets.append(d)
    packages = ["numpy", "scipy", "scikit-learn", "statsmodels", "krippendorff", "pingouin", "irrCAC"]
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in packages}}
    json.dump({"seed": options.seed, "versions": versions, "sets": sets}, sys.stdout, allow_nan=False)


main()
