# One image for both processes and for the operator's commands:
#   docker run … fieldmarshal ingress
#   docker run … fieldmarshal worker

FROM golang:1.26.8 AS build
WORKDIR /src
# Modules first, so that a change of code does not fetch them again.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# What fieldmarshal version, the log and fieldmarshal_build_info say; the image's build knows no version control:
#   docker build --build-arg VERSION=v1.2.3 --build-arg REVISION=$(git rev-parse HEAD) .
ARG VERSION=
ARG REVISION=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X fieldmarshal/program.version=${VERSION} -X fieldmarshal/program.revision=${REVISION}" -o /out/fieldmarshal .
# The inbox's folder as it is made in the image: a new volume mounted there takes over its owner.
RUN mkdir -p /out/inbox

# Certificates, a user without rights, and nothing else. Time zones are in the program.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/fieldmarshal /usr/local/bin/fieldmarshal
COPY --from=build --chown=65532:65532 /out/inbox /var/lib/fieldmarshal/inbox
ENV INBOX_DIR=/var/lib/fieldmarshal/inbox
# Readiness and metrics of the ingress. Do not publish this port.
ENV INGRESS_ADMIN_ADDR=:8082
# Deliveries wait here until Temporal has them: mount a disk that outlives the container.
WORKDIR /var/lib/fieldmarshal
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/usr/local/bin/fieldmarshal"]
CMD ["--help"]
