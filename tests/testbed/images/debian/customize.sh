#!/bin/sh
# Run by mmdebstrap on the new root ($1): apt keeps no caches, and the host's certificates are trusted.
set -e
cat > "$1/etc/apt/apt.conf.d/docker-clean" <<'CONF'
Acquire::Languages "none";
APT::Install-Recommends "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
CONF
mkdir -p "$1/usr/local/share/ca-certificates"
for certificate in /usr/local/share/ca-certificates/*.crt; do
  if [ -e "$certificate" ]; then cp "$certificate" "$1/usr/local/share/ca-certificates/"; fi
done
chroot "$1" update-ca-certificates > /dev/null 2>&1
rm -rf "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/*
