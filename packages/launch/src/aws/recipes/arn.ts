import { TARGET_NAMES, type Target } from './key.js';

/** No alias or version, and the partition aws: the Nova Forge SDK knows no other form. */
const UNQUALIFIED = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+$/;
const ANY = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+(:[A-Za-z0-9-_$]+)?$/;

/** What is to be said of a reward function's ARN; `wrong`: the job would not start, or never ask it. */
export interface ArnRemark {
  wrong: boolean;
  message: string;
}

/** @returns undefined where nothing is to be said. */
export function arnRemark(arn: string, target: Target): ArnRemark | undefined {
  if (!ANY.test(arn)) return { wrong: true, message: `${arn} is no ARN of a Lambda function` };
  if (target === 'bedrock') return undefined;
  const name = arn.split(':')[6]!;
  if (!name.includes('SageMaker')) {
    return target === 'hyperpod' || target === 'evaluation'
      ? {
          wrong: true,
          message: `${arn}: HyperPod invokes only functions whose name holds "SageMaker", in this casing`,
        }
      : {
          wrong: false,
          message: `${arn}: AWS's managed policy lets ${TARGET_NAMES[target]} invoke only functions whose name holds "SageMaker"`,
        };
  }
  return UNQUALIFIED.test(arn)
    ? undefined
    : {
        wrong: false,
        message: `${arn}: the Nova Forge SDK refuses an ARN with an alias, or of another partition than aws`,
      };
}
