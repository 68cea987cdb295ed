# shellcheck shell=bash
# An S3 server on 127.0.0.1: versitygw where Go can build it, else moto.

# port: one that is free.
port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

s3_server() {
	need python3 curl
	at=127.0.0.1:$(port) || skip "no free port"
	[ -x "$cache/bin/versitygw" ] || GOBIN=$cache/bin GOTOOLCHAIN=local \
		GOFLAGS=-mod=mod go install \
		github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
		>"$work/go.log" 2>&1
	mkdir "$work/objects" "$work/sidecar"
	if [ -x "$cache/bin/versitygw" ]; then
		s3_start() {
			start s3 versitygw --port "$at" -a test -s testsecret posix \
				--sidecar "$work/sidecar" "$work/objects"
		}
	elif python 'moto[server]'; then
		s3_start() {
			start s3 moto_server -H "${at%:*}" -p "${at#*:}"
		}
	else
		skip "neither versitygw nor moto can be had"
	fi
	export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testsecret
	export AWS_DEFAULT_REGION=us-east-1 AWS_ENDPOINT_URL=http://$at
	export S3_ENDPOINT_URL=$AWS_ENDPOINT_URL AWS_EC2_METADATA_DISABLED=true
	export RCLONE_S3_ENDPOINT=$AWS_ENDPOINT_URL
	export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
	s3_start
	until_true 30 s3 -X PUT my-bucket || skip "the S3 server does not come up"
}

# s3 [CURL-ARG]... BUCKET[/KEY]
s3() {
	curl -fsS --aws-sigv4 aws:amz:us-east-1:s3 --user test:testsecret \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "${@:1:$#-1}" \
		"$AWS_ENDPOINT_URL/${*: -1}"
}

# no_object KEY: the store says that it is not there.
no_object() {
	equal 404 "$(curl -sS -I -o /dev/null -w '%{http_code}' \
		--aws-sigv4 aws:amz:us-east-1:s3 --user test:testsecret \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
		"$AWS_ENDPOINT_URL/my-bucket/$1")"
}

# put_file KEY FILE
put_file() {
	s3 -T "$2" "my-bucket/$1"
}
