# The application's image: Python, the pinned packages and gradio_app, byte-compiled; nothing that builds or installs.
#
# The tag moves with the security fixes of Python and Debian, and the build's log says which digest it stood for.
# To hold one fast:  docker build --build-arg PYTHON_IMAGE=<the tag>@sha256:<digest> .
ARG PYTHON_IMAGE=public.ecr.aws/docker/library/python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS packages
RUN python -m venv --without-pip /opt/venv
COPY requirements/app.txt /tmp/app.txt
# Wheels only: a package that would need a compiler is a failed build, not a bigger one.
RUN python -m pip --python /opt/venv/bin/python install --quiet --no-cache-dir --no-compile \
      --only-binary :all: --require-hashes --requirement /tmp/app.txt
# What the application never opens: tests, type stubs and sources in C, Gradio's sample media, its server-side
# rendering and its video encoder, zstandard's twin for other interpreters, what loads models from a hub, what starts a
# server anew when its sources change, a decoder for images that nobody can attach, and the descriptions of AWS services
# that it does not call.
RUN find /opt/venv/lib \
      \( -type d -name tests -o -name '*.pyi' -o -path '*/selectolax/*.c' \
         -o -path '*/gradio/media_assets' -o -path '*/gradio/test_data' -o -path '*/gradio/templates/node' \
         -o -path '*/gradio/templates/frontend/static/ffmpeg' -o -path '*/zstandard/_cffi*' \
         -o -path '*/site-packages/hf_xet*' -o -path '*/site-packages/watchfiles*' \
         -o -path '*/PIL/_avif*' -o -path '*/pillow.libs/libavif*' \) \
      -prune -exec rm -r {} + \
 && find /opt/venv/lib/*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
      ! -name bedrock ! -name bedrock-runtime ! -name cognito-idp ! -name dynamodb ! -name s3 \
      ! -name sts -exec rm -r {} +
# Unchecked: the root file system is read-only, so no source can be newer than its byte code, whatever the times say.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib

FROM ${PYTHON_IMAGE}
# The base image leaves its own library uncompiled, which would cost CPU at every start, and brings pip.
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip \
 && python -c 'import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])' \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(test|idlelib|tkinter|turtledemo)/' \
      "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY gradio_app gradio_app
RUN python -m compileall -q --invalidation-mode unchecked-hash gradio_app
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
# The one folder that can be written to. Fargate mounts an empty one there, which belongs to root alone unless the image
# declares it: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
VOLUME ["/tmp"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "gradio_app.healthcheck"]
CMD ["python", "-m", "gradio_app"]
