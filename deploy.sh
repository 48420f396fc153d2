#!/usr/bin/env bash
#
# Deploys Asistente to an AWS account, or takes it out again.
#
#   ./deploy.sh doctor   [OPTIONS] [Key=Value ...]   is all there that a deployment needs?
#   ./deploy.sh plan     [OPTIONS] [Key=Value ...]   what would a deployment do?
#   ./deploy.sh deploy   [OPTIONS] [Key=Value ...]   create or update the stacks (shows the plan and asks)
#   ./deploy.sh verify   [--url URL] [OPTIONS]       prove the service by its public address
#   ./deploy.sh rollback [--to ID] [OPTIONS]         list the deployments so far, or go back to one
#   ./deploy.sh status   [OPTIONS]                   show state and outputs
#   ./deploy.sh destroy  [OPTIONS]                   delete them (asks first); --data delete, the data too
#   ./deploy.sh template [OPTIONS] [Key=Value ...]   write the templates to out/
#   ./deploy.sh open     [OPTIONS]                   open the assistant in a browser
#   ./deploy.sh logs     [--level WARNING] [OPTIONS] follow what the tasks log; --since, --request, --person
#   ./deploy.sh continue-rollback [--skip PATH]      go on with a rollback that failed
#   ./deploy.sh user EMAIL [--admin] [OPTIONS]       invite a person; --resend, --disable, ...
#   ./deploy.sh users    [--json] [OPTIONS]          list the people with their state
#   ./deploy.sh user-forget EMAIL [OPTIONS]          delete a person with all that is stored
#   ./deploy.sh github   --repository OWNER/NAME     roles for a GitHub workflow that deploys; --branch, --remove
#
# Options: --stack NAME, --region REGION, --profile PROFILE, --parameters FILE, --yes; COMMAND --help has more.
# Template parameters come from parameters.toml; Key=Value on the command line goes over it.
# Environment: AWS's own variables, and PYTHON, the interpreter to use instead of .venv/bin/python.
# Exit codes: 0 done, 1 failed, 2 something to set right first, 130 interrupted.

set -euo pipefail

usage() {
  sed -n '/^# Deploys/,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

main() {
  case "${1-}" in
    '')
      usage >&2
      exit 2
      ;;
    -h | --help | help)
      usage
      exit 0
      ;;
  esac

  local root python
  root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
  python="${PYTHON-${root}/.venv/bin/python}"
  if [[ -z "${python}" ]]; then
    printf 'PYTHON is set and empty: name an interpreter, or unset it.\n' >&2
    exit 2
  fi
  if ! command -v -- "${python}" >/dev/null; then
    printf 'There is no Python at %s: "make deploy" installs it; or set PYTHON.\n' "${python}" >&2
    exit 2
  fi

  if ! "${python}" -c 'from importlib.util import find_spec as f; exit(not all(map(f, ["boto3", "httpx", "pyotp", "rich", "troposphere"])))'
  then
    printf '%s lacks the packages of requirements/tools.txt: "make deploy" installs them.\n' "${python}" >&2
    exit 2
  fi

  # Not `cd`: a file named on the command line is relative to where the user is.
  PYTHONPATH="${root}" exec "${python}" -P -m deployer "$@"
}

main "$@"
