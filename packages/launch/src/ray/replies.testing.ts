import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Ray 2.60.0 has replied, word for word but for the folders of its Python (2026-11-27). */
export const REPLIES = {
  noToken: { status: 401, body: `Unauthorized: Missing authentication token` },
  wrongToken: { status: 403, body: `Forbidden: Invalid authentication token` },
  version: {
    status: 200,
    body: `{"version": "4", "ray_version": "2.60.0", "ray_commit": "b7f4259e944bf6959f721b106adc366ddfa0c356", "session_name": "session_2026-11-27_13-50-49_098109_3162"}`,
  },
  unknownJob: { status: 404, body: `Job nope does not exist` },
  submitted: { status: 200, body: `{"job_id": "ts-1", "submission_id": "ts-1"}` },
  waiting: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-1", "driver_info": null, "status": "PENDING", "entrypoint": "echo hi; env | grep -i -E \\"OMP|PROXY|CUDA|TOUCH|RAY_JOB\\"; pwd; sleep 8", "message": "Job has not started yet. It may be waiting for the runtime environment to be set up.", "error_type": null, "start_time": 1795787488112, "end_time": null, "metadata": {"run": "a"}, "runtime_env": {"env_vars": {"TOUCHSTONE_X": "1"}}, "driver_agent_http_address": null, "driver_node_id": null, "driver_exit_code": null}`,
  },
  running: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-1", "driver_info": null, "status": "RUNNING", "entrypoint": "echo hi; env | grep -i -E \\"OMP|PROXY|CUDA|TOUCH|RAY_JOB\\"; pwd; sleep 8", "message": "Job is currently running.", "error_type": null, "start_time": 1795787488112, "end_time": null, "metadata": {"run": "a"}, "runtime_env": {"env_vars": {"TOUCHSTONE_X": "1"}}, "driver_agent_http_address": "http://192.0.2.2:23457", "driver_node_id": "ac7bb529ce297958d81cbf1c30385712b82be0d90d38e93c256bc356", "driver_exit_code": null}`,
  },
  logs: {
    status: 200,
    body: `{"logs": "2026-11-27 13:51:28,262\\tINFO job_manager.py:581 -- Runtime env is setting up.\\nhi\\nRunning entrypoint for job ts-1: echo hi; env | grep -i -E \\"OMP|PROXY|CUDA|TOUCH|RAY_JOB\\"; pwd; sleep 8\\nTOUCHSTONE_X=1\\nRAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES=1\\nRAY_JOB_CONFIG_JSON_ENV_VAR={\\"runtime_env\\": {\\"env_vars\\": {\\"TOUCHSTONE_X\\": \\"1\\"}}, \\"metadata\\": {\\"job_submission_id\\": \\"ts-1\\", \\"job_name\\": \\"ts-1\\", \\"run\\": \\"a\\"}}\\nOMP_NUM_THREADS=1\\n/home/user\\n"}`,
  },
  takenId: {
    status: 500,
    body: `Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_head.py", line 419, in submit_job
    resp = await job_agent_client.submit_job_internal(submit_request)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_head.py", line 148, in submit_job_internal
    await self._raise_error(resp)
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_head.py", line 134, in _raise_error
    raise RuntimeError(f"Request failed with status code {status}: {error_text}.")
RuntimeError: Request failed with status code 400: Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_agent.py", line 45, in submit_job
    submission_id = await self.get_job_manager().submit_job(
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_manager.py", line 553, in submit_job
    raise ValueError(
ValueError: Job with submission_id ts-1 already exists. Please use a different submission_id.
.`,
  },
  stops: { status: 200, body: `{"stopped": true}` },
  stopped: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-1", "driver_info": null, "status": "STOPPED", "entrypoint": "echo hi; env | grep -i -E \\"OMP|PROXY|CUDA|TOUCH|RAY_JOB\\"; pwd; sleep 8", "message": "Job was intentionally stopped.", "error_type": null, "start_time": 1795787488112, "end_time": 1795787495616, "metadata": {"run": "a"}, "runtime_env": {"env_vars": {"TOUCHSTONE_X": "1"}}, "driver_agent_http_address": "http://192.0.2.2:23457", "driver_node_id": "ac7bb529ce297958d81cbf1c30385712b82be0d90d38e93c256bc356", "driver_exit_code": null}`,
  },
  stopsNothing: { status: 200, body: `{"stopped": false}` },
  unknownArgument: {
    status: 400,
    body: `Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/utils.py", line 128, in parse_and_validate_request
    return validate_request_type(json_data, request_type)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/common.py", line 445, in validate_request_type
    return request_type(**json_data)
           ^^^^^^^^^^^^^^^^^^^^^^^^^
TypeError: JobSubmitRequest.__init__() got an unexpected keyword argument 'unknown'`,
  },
  failed: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-2", "driver_info": null, "status": "FAILED", "entrypoint": "echo first; echo second >&2; exit 3", "message": "Job entrypoint command failed with exit code 3, last available logs (truncated to 20,000 chars):\\n2026-11-27 13:51:37,535\\tINFO job_manager.py:581 -- Runtime env is setting up.\\nfirst\\nsecond\\nRunning entrypoint for job ts-2: echo first; echo second >&2; exit 3\\n", "error_type": "JOB_ENTRYPOINT_COMMAND_ERROR", "start_time": 1795787497529, "end_time": 1795787506829, "metadata": null, "runtime_env": null, "driver_agent_http_address": "http://192.0.2.2:23457", "driver_node_id": "ac7bb529ce297958d81cbf1c30385712b82be0d90d38e93c256bc356", "driver_exit_code": 3}`,
  },
  noFolder: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-3", "driver_info": null, "status": "FAILED", "entrypoint": "cd /nowhere && exec python3 x", "message": "Job entrypoint command failed with exit code 2, last available logs (truncated to 20,000 chars):\\n2026-11-27 13:51:37,683\\tINFO job_manager.py:581 -- Runtime env is setting up.\\n/bin/sh: 1: cd: can't cd to /nowhere\\nRunning entrypoint for job ts-3: cd /nowhere && exec python3 x\\n", "error_type": "JOB_ENTRYPOINT_COMMAND_ERROR", "start_time": 1795787497673, "end_time": 1795787508410, "metadata": null, "runtime_env": null, "driver_agent_http_address": "http://192.0.2.2:23457", "driver_node_id": "ac7bb529ce297958d81cbf1c30385712b82be0d90d38e93c256bc356", "driver_exit_code": 2}`,
  },
  waitsForGpu: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-4", "driver_info": null, "status": "PENDING", "entrypoint": "true", "message": "Job has not started yet. It may be waiting for resources (CPUs, GPUs, memory, custom resources) to become available.", "error_type": null, "start_time": 1795787497799, "end_time": null, "metadata": null, "runtime_env": null, "driver_agent_http_address": null, "driver_node_id": null, "driver_exit_code": null}`,
  },
  noRuntime: {
    status: 200,
    body: `{"type": "SUBMISSION", "job_id": null, "submission_id": "ts-5", "driver_info": null, "status": "FAILED", "entrypoint": "true", "message": "Failed to start supervisor actor ts-5: '/nowhere is not a valid path.'. Full traceback:\\nTraceback (most recent call last):\\n  File \\"/venv/lib/python3.11/site-packages/ray/_private/runtime_env/packaging.py\\", line 264, in parse_path\\n    path.resolve(strict=True)\\n  File \\"/python/lib/python3.11/pathlib.py\\", line 993, in resolve\\n    s = os.path.realpath(self, strict=strict)\\n        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\\n  File \\"<frozen posixpath>\\", line 416, in realpath\\n  File \\"<frozen posixpath>\\", line 451, in _joinrealpath\\nFileNotFoundError: [Errno 2] No such file or directory: '/nowhere'\\n\\nDuring handling of the above exception, another exception occurred:\\n\\nTraceback (most recent call last):\\n  File \\"/venv/lib/python3.11/site-packages/ray/dashboard/modules/job/job_manager.py\\", line 598, in submit_job\\n    supervisor = self._supervisor_actor_cls.options(\\n                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\\n  File \\"/venv/lib/python3.11/site-packages/ray/actor.py\\", line 1856, in options\\n    updated_options[\\"runtime_env\\"] = parse_runtime_env_for_task_or_actor(\\n                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\\n  File \\"/venv/lib/python3.11/site-packages/ray/_private/utils.py\\", line 1519, in parse_runtime_env_for_task_or_actor\\n    runtime_env = RuntimeEnv(**(runtime_env or {}))\\n                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\\n  File \\"/venv/lib/python3.11/site-packages/ray/runtime_env/runtime_env.py\\", line 424, in __init__\\n    self[option] = option_val\\n    ~~~~^^^^^^^^\\n  File \\"/venv/lib/python3.11/site-packages/ray/runtime_env/runtime_env.py\\", line 451, in __setitem__\\n    res_value = OPTION_TO_VALIDATION_FN[key](jsonable_type)\\n                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\\n  File \\"/venv/lib/python3.11/site-packages/ray/_private/runtime_env/validation.py\\", line 115, in parse_and_validate_working_dir\\n    validate_path(working_dir)\\n  File \\"/venv/lib/python3.11/site-packages/ray/_private/runtime_env/validation.py\\", line 22, in validate_path\\n    parse_path(path)\\n  File \\"/venv/lib/python3.11/site-packages/ray/_private/runtime_env/packaging.py\\", line 266, in parse_path\\n    raise ValueError(f\\"{path} is not a valid path.\\")\\nValueError: /nowhere is not a valid path.\\n", "error_type": "JOB_SUPERVISOR_ACTOR_START_FAILURE", "start_time": 1795787497922, "end_time": 1795787497952, "metadata": null, "runtime_env": {"working_dir": "/nowhere"}, "driver_agent_http_address": null, "driver_node_id": null, "driver_exit_code": null}`,
  },
  noPage: { status: 404, body: `404: Not Found` },
} satisfies Record<string, RayReply>;

export interface RayReply {
  status: number;
  body: string;
}

/** A server of HTTP on loopback; `reply` says what it answers to `METHOD /path`, null to hang up. */
export async function startReplies(
  reply: (asked: string, request: IncomingMessage & { body: string }) => RayReply | null,
): Promise<{ url: string; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const what = `${request.method} ${request.url}`;
      asked.push(what);
      const said = reply(what, Object.assign(request, { body }));
      if (said === null) return request.socket.destroy();
      response.writeHead(said.status).end(said.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
