# The study in a container: docker build -t narrows . && docker run --rm -p 127.0.0.1:8000:8000 narrows
FROM python:3.13-slim
WORKDIR /narrows
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY src src
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home reader
USER reader
EXPOSE 8000
ENTRYPOINT ["narrows"]
CMD ["serve", "--host", "0.0.0.0", "--name", "localhost"]
