file,record,line,byte,reason,raw
stdin,1,2,1,'y' after a closing quote,"""x""y"
stdin,5,6,11,'w' after a closing quote,"""z""w"
