#!/bin/sh
echo prepared
sleep 1
exit 3
