# The program, for docker-compose.yml.  It runs as a user of its own, and writes to /data and to the
# folders of its keys and checkpoints, each a volume.
FROM python:3.13-slim

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin send-records \
    && install -d -o send-records -g send-records -m 700 \
        /data /keyring /kek /signing /checkpoints
WORKDIR /app
COPY requirements.lock pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY send_records ./send_records
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER send-records
ENV SEND_RECORDS_DATA_DIR=/data SEND_RECORDS_SECRETS_DIR=/run/secrets \
    SEND_RECORDS_KEY_STORE=/keyring/keys.sqlite SEND_RECORDS_KEK_DIR=/kek \
    SEND_RECORDS_SIGNING_DIR=/signing SEND_RECORDS_CHECKPOINTS=/checkpoints
VOLUME /data /keyring /kek /signing /checkpoints
EXPOSE 8000
ENTRYPOINT ["send-records"]
CMD ["serve", "--host", "0.0.0.0"]
